"""Plain words for moments, spans, counts and measures."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MINUTE, HOUR, DAY = 60, 3600, 86400
# Ending of a name: its unit in seconds, and from how many on the length is said in words too.
LENGTHS = {"_s": (1, 120), "_min": (MINUTE, 120), "_h": (HOUR, 48)}

# Longest ending first, so that mb_per_h is not taken for an h.
UNITS = {
    "_mb_per_h": "MB per hour",
    "_mb_per_day": "MB per day",
    "_mib_per_day": "MiB per day",
    "_per_day": "per day",
    "_per_min": "per minute",
    "_percent": "%",
    "_per_h": "per hour",
    "_per_s": "per second",
    "_bytes": "bytes",
    "_days": "days",
    "_mib": "MiB",
    "_gib": "GiB",
    "_min": "min",
    "_pct": "%",
    "_kb": "KB",
    "_mb": "MB",
    "_gb": "GB",
    "_ms": "ms",
    "_h": "h",
    "_s": "s",
    "_d": "days",
}
ACRONYMS = {"dns": "DNS", "id": "ID", "ip": "IP", "kb": "KB", "ndr": "NDR", "ndrs": "NDRs"}
ACRONYMS |= {"imap": "IMAP", "pop3": "POP3", "r2": "R²", "smtp": "SMTP", "tls": "TLS"}


def moment(value: object) -> datetime | None:
    """Return the moment an ISO string names, in UTC; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def to_minute(value: object) -> str:
    """Return a moment to the minute, or what was given when it is none."""
    at = moment(value)
    return at.isoformat(" ", "minutes").removesuffix("+00:00") if at else str(value)


def to_second(value: object) -> str:
    """Return a moment as exactly as it is known, or what was given when it is none."""
    at = moment(value)
    if at is None:
        return "time unknown" if value is None else str(value)
    digits = "seconds" if not at.microsecond else "microseconds" if at.microsecond % 1000 else ""
    return at.isoformat(" ", digits or "milliseconds").removesuffix("+00:00")


def span_parts(start: object, end: object) -> list[str]:
    """Return from when to when, in as few words as are unambiguous, in parts that may wrap."""
    if start is None:
        return ["time unknown" if end is None else f"until {to_minute(end)}"]
    if end is None:
        return [f"since {to_minute(start)},", "ongoing"]
    first, last = to_minute(start), to_minute(end)
    if first == last:
        return [first]
    day, _, time = last.partition(" ")
    return [first, f"to {time if time and first.startswith(day) else last}"]


def span_words(start: object, end: object) -> str:
    """Return from when to when on one line."""
    return " ".join(span_parts(start, end))


def duration_words(seconds: float) -> str:
    """Return a length of time in its two largest units."""
    if seconds < MINUTE:
        return f"{number_words(round(seconds, 1))} s"
    if seconds < HOUR:
        big, small, names = MINUTE, 1, ("min", "s")
    elif seconds < DAY:
        big, small, names = HOUR, MINUTE, ("h", "min")
    else:
        big, small, names = DAY, HOUR, ("day" if seconds < 2 * DAY else "days", "h")
    count, rest = divmod(int(seconds), big)
    tail = f" {rest // small} {names[1]}" if rest // small else ""
    return f"{count:,} {names[0]}{tail}"


def lasted(start: object, end: object) -> str:
    """Return how long it lasted, or nothing when that is not known or no time at all."""
    first, last = moment(start), moment(end)
    if first is None or last is None or last - first < timedelta(seconds=1):
        return ""
    return duration_words((last - first).total_seconds())


def number_words(value: float) -> str:
    """Return a number with thousands apart and no more digits than mean something."""
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return "not a number"
    small = value != 0 and abs(value) < 0.01  # noqa: PLR2004
    return f"{value:.2g}" if small else f"{value:,.2f}".rstrip("0").rstrip(".")


def list_words(words: Sequence[str], limit: int = 4) -> str:
    """Return a list as one reads it aloud; what is over the limit becomes a count."""
    shown = list(words[:limit])
    if len(words) > limit:
        shown.append(f"{len(words) - limit:,} more")
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def whole(value: object) -> int:
    """Return a count as it is, and 0 for what is no count."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def value_words(value: object) -> str:
    """Return the value of a measure, whatever a rule made it."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number_words(value)
    if isinstance(value, list):
        return list_words([value_words(item) for item in value], limit=8)
    return str(value)


def measure_words(name: str, value: object) -> tuple[str, str]:
    """Return the human name of a measure, and its value with the unit its name ends in."""
    suffix = next((end for end in UNITS if name.endswith(end)), "")
    words = [ACRONYMS.get(word, word) for word in name.removesuffix(suffix).split("_")]
    label = " ".join(words)
    text = value_words(value)
    if suffix and isinstance(value, int | float):
        text += f"{'' if UNITS[suffix] == '%' else ' '}{UNITS[suffix]}"
    unit, many = LENGTHS.get(suffix, (0, 0))
    if unit and isinstance(value, int | float) and many <= value < math.inf:
        text += f" ({duration_words(value * unit)})"
    return label[:1].upper() + label[1:], text
