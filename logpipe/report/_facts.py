"""What a report says as a whole: its incidents in order, its hosts, its period, its files."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from logpipe.formats import all_formats
from logpipe.report._words import list_words, moment, to_minute, whole
from logpipe.words import count_words

SEVERITIES = ("critical", "high", "medium", "low", "info")
NEVER = datetime.max.replace(tzinfo=UTC)
MOST_SILENT = 20  # hosts without new logs
UNREAD = ("failed", "unknown")
REPORTS = {one.name for one in all_formats() if one.table == "delivery_report"}

# Tables of which at least one should have rows, and what is said where none has.
LACKING = (
    (
        {"smtp_event", "tracking_event"},
        (
            "No mail log was read: late or returned mail cannot be judged; collect SMTP or"
            " message-tracking logs."
        ),
    ),
    (
        {"windows_event"},
        "No event log was read: restarts are known from other logs only.",
    ),
)

# How files are grouped, problems first: the group, its heading, what to do about it.
GROUPS = (
    (
        "failed",
        "Could not be read",
        (
            "Nothing of these files is in the results. What to do stands beside each file; where"
            " nothing does, fetch a fresh copy from the server and run again."
        ),
    ),
    (
        "unknown",
        "Format not recognised",
        (
            "Nothing of these files is in the results. The note says what each begins with; if one"
            " is a mail or system log, its format is not read yet."
        ),
    ),
    (
        "partial",
        "Read in part",
        (
            "What could be read is in the results. What was refused is in table reject, with its"
            " place and the reason; what a file lost before it came here stands beside it."
        ),
    ),
    (
        "unbalanced",
        "Read, but the books do not balance",
        (
            "Records were counted that are neither rows, duplicates nor rejects, or the other way"
            " round: treat numbers from these files with care."
        ),
    ),
    ("other", "Other", "The state of these files is not one this report knows."),
    ("loaded", "Read", ""),
    ("duplicate", "Copies of files already read", ""),
)


def severity(incident: dict[str, Any]) -> str:
    """Return the severity, and low for a word that is none, so that it is still shown."""
    word = incident.get("severity")
    return word if word in SEVERITIES else "low"


def _order(incident: dict[str, Any]) -> tuple[int, int, datetime, str]:
    return (
        SEVERITIES.index(severity(incident)),
        -whole((incident.get("measures") or {}).get("messages")),
        moment(incident.get("started_at")) or NEVER,
        str(incident.get("id")),
    )


def above_info(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the incidents above info, or the one that was asked for, the worst first."""
    told = (i for i in report["incidents"] if severity(i) != "info" or report.get("only"))
    return sorted(told, key=_order)


def only_info(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the incidents that are for information only, in the same order."""
    told = (i for i in report["incidents"] if severity(i) == "info" and not report.get("only"))
    return sorted(told, key=_order)


def hosts_of(entries: Iterable[dict[str, Any]]) -> list[str]:
    """Return the hosts that these sources or incidents name, each once, in name order."""
    return sorted({str(entry["host"]) for entry in entries if entry.get("host")})


def is_log(source: dict[str, Any]) -> bool:
    """Return whether a file is no bounce: those may name a stranger as their host."""
    return source.get("format") not in REPORTS


def period(report: dict[str, Any]) -> tuple[datetime, datetime] | None:
    """Return the first and last moment that the logs cover, or else that the incidents do."""
    ends = [s.get(key) for s in report["sources"] for key in ("first_ts", "last_ts")]
    known = [at for at in map(moment, ends) if at]
    night = report.get("night") or {}  # its files are only those that were new
    if not known:
        ends = [i.get(key) for i in report["incidents"] for key in ("started_at", "ended_at")]
        known = [at for at in map(moment, ends) if at]
        if not known and (looked_from := moment(night.get("from_ts"))):
            known = [looked_from]
    if looked_to := moment(night.get("to_ts")):
        known.append(looked_to)
    return (min(known), max(known)) if known else None


def balances(source: dict[str, Any]) -> bool:
    """Return whether the books of one file balance."""
    parts = ("rows", "duplicates", "rejects")
    return whole(source.get("records")) == sum(whole(source.get(part)) for part in parts)


def group_of(source: dict[str, Any]) -> str:
    """Return the group a file is listed in."""
    status = source.get("status")
    if status in ("loaded", "duplicate"):
        return str(status) if balances(source) else "unbalanced"
    return str(status) if status in ("failed", "unknown", "partial") else "other"


def unread(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the files of which nothing could be read, failures first."""
    files = [s for s in report["sources"] if s.get("status") in UNREAD]
    return sorted(files, key=lambda s: (UNREAD.index(s["status"]), str(s.get("path"))))


def in_part(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the files of which something could not be read, or whose books do not balance."""
    files = [s for s in report["sources"] if group_of(s) in ("partial", "unbalanced", "other")]
    return sorted(files, key=lambda source: str(source.get("path")))


def zoneless(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the files whose times are local, and of which nobody told the zone."""
    return [
        s for s in report["sources"] if s.get("format") and s.get("first_ts") and not s.get("zone")
    ]


def reading_words(report: dict[str, Any]) -> str:
    """Return how many files were read, and how many were not."""
    if words := nothing_new(report.get("night")):
        return words[:1].upper() + words[1:]
    states = Counter(str(source.get("status")) for source in report["sources"])
    total = len(report["sources"])
    lost = states["failed"] + states["unknown"]
    asides = []
    if states["partial"]:
        asides.append(f"{states['partial']:,} in part")
    if copies := states["duplicate"]:
        asides.append(f"{copies:,} as {'a copy' if copies == 1 else 'copies'}")
    aside = f" ({', '.join(asides)})" if asides else ""
    if not lost:
        return f"{count_words(total, 'file')} read{aside}"
    return f"{total - lost:,} of {count_words(total, 'file')} read{aside}, {lost:,} not read"


def lacking(report: dict[str, Any]) -> list[str]:
    """Return what cannot be judged since no log of a kind was read, and what to collect."""
    kinds = {one.name: one.table for one in all_formats()}
    formats = (report.get("night") or {}).get("formats")  # of earlier nights, too
    if formats is None:
        formats = [s["format"] for s in report["sources"] if whole(s.get("rows"))]
    read = {kinds.get(name) for name in formats}
    return [words for tables, words in LACKING if read and not read & tables]


def outcome(report: dict[str, Any]) -> str:
    """Return how many incidents there are above info, and where, as one phrase."""
    loud = above_info(report)
    if not loud:
        return "What the logs say"
    where = list_words(hosts_of(loud))
    return count_words(len(loud), "incident") + " above info" + (f" on {where}" if where else "")


def headline(report: dict[str, Any]) -> str:
    """Return what happened in one sentence: the worst incident, or that there is none."""
    total, lost = len(report["sources"]), len(unread(report))
    loud = above_info(report)
    if loud:
        return str(loud[0].get("title") or loud[0].get("rule"))
    if night := report.get("night"):
        if silent := silence_words(night, 2):
            return "; ".join(silent)
        if nothing_new(night):
            return reading_words(report)
    if not total:
        return "No files were found, so nothing can be said"
    if lost == total:
        return "No file could be read, so nothing can be said"
    least = report.get("least")
    least = "low" if least in (None, "info") else least
    found = f"No incident of severity {least} or higher in {count_words(total - lost, 'file')}"
    return f"{found}, but {lost:,} could not be read" if lost else found


def nothing_new(night: dict[str, Any] | None) -> str:
    """Return why a night read nothing; nothing of one that read something."""
    if night is None or night["files"]:
        return ""
    unchanged = night.get("unchanged") or 0
    if not unchanged:
        return "no file lies below the folders"
    return f"nothing new to read ({count_words(unchanged, 'file')} unchanged)"


def silence_words(night: dict[str, Any], most: int = MOST_SILENT) -> list[str]:
    """Return of which hosts a night got no new logs, and since when; the rest as a count."""
    silent = [one for one in night.get("silent") or [] if not one["suppressed"]]
    words = [f"{one['host']}: no new logs since {to_minute(one['last_ts'])}" for one in silent]
    left = len(words) - most
    return words[:most] + ([f"no new logs of {left:,} more"] if left > 0 else [])


def night_note(row: dict[str, Any]) -> str:
    """Return what stands beside an incident of a night: why it is of no concern, or not known."""
    lacks = row["state"] == "continuing" and not row["seen"]
    notes = ["no new logs of this host: unknown whether it goes on"] if lacks else []
    notes += [f"suppressed: {row['suppressed']}"] if row["suppressed"] else []
    return "; ".join(notes)
