"""The report as plain text, to be read in ten seconds."""

import re
import textwrap
from typing import Any

from logpipe.report._facts import (
    above_info,
    headline,
    hosts_of,
    in_part,
    is_log,
    lacking,
    only_info,
    period,
    reading_words,
    severity,
    unread,
    zoneless,
)
from logpipe.report._words import lasted, list_words, span_words, whole
from logpipe.words import count_words

MOST_INCIDENTS = 20
MOST_FILES = 5
HEAVY = re.compile(
    r"\.(?:log|evtx?|csv|blg|eml|zip|7z|cab|tar|tgz|gz|rar)\b|archive|unpack", re.IGNORECASE
)
LIGHT = re.compile(
    r": no known log format: (?:a picture|an? [\w ]*document|a program)|: empty file"
)
INDENT = 10  # one blank more than the longest severity

# Controls, invisible and bidirectional marks, tags, lone surrogates, line and paragraph ends.
UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u08e2\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
WIDE = 0x10000
PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]+")
SHORT = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    return SHORT.get(char) or (f"\\u{code:04x}" if code < WIDE else f"\\U{code:08x}")


def clean(text: str) -> str:
    r"""Return the text with every control and bidi character visible as an escape (\u202e)."""
    return UNSEEN.sub(_escape, text)


def clip(text: str, limit: int) -> str:
    """Return the text cut to the limit, with three dots where something is missing."""
    return text if len(text) <= limit else f"{text[: limit - 3].rstrip()}..."


def fold(text: object) -> str:
    """Return prose on one line, as rules may wrap theirs; nothing for None."""
    return "" if text is None else " ".join(re.split(r"[ \t\r\n]+", str(text).strip(" \t\r\n")))


def _wrap(text: str, width: int, indent: int = 0, most: int = 99) -> list[str]:
    return textwrap.wrap(
        text,
        max(width, indent + 20),
        initial_indent=" " * indent,
        subsequent_indent=" " * indent,
        max_lines=most,
        placeholder=" ...",
        break_on_hyphens=False,
    )


def hang(text: str, width: int, first: int = 0, rest: int = 0) -> list[str]:
    """Return a text in lines of the width, cleaned; how far the first and the others stand in."""
    return textwrap.wrap(
        clean(text),
        max(width, 40),
        initial_indent=" " * first,
        subsequent_indent=" " * rest,
        break_on_hyphens=False,
    )


def _known_words(incident: dict[str, Any]) -> str:
    """Return the known problem with its verdict, or those that were ruled out."""
    if incident.get("known_problem"):
        title = str(incident.get("known_problem_title") or incident["known_problem"])
        return f"{title.partition(':')[0]} {incident.get('verdict') or ''}".strip()
    if incident.get("verdict") != "ruled-out":
        return ""
    names = [
        str(other.get("problem"))
        for other in incident.get("considered") or []
        if other.get("verdict") == "ruled-out"
    ]
    return f"{list_words(names)} ruled out" if names else ""


def _incident_lines(incident: dict[str, Any], width: int, most: int) -> list[str]:
    start, end = incident.get("started_at"), incident.get("ended_at")
    duration = lasted(start, end)
    messages = whole((incident.get("measures") or {}).get("messages"))
    facts = [
        str(incident.get("host") or ""),
        span_words(start, end) + (f" ({duration})" if duration else ""),
        count_words(messages, "message") if messages else "",
        _known_words(incident),
    ]
    title = clean(fold(incident.get("title") or incident.get("rule")))
    head = f"{severity(incident).upper():<{INDENT}}{title}"
    said = clean(f"{', '.join(filter(None, facts))}. {fold(incident.get('summary'))}")
    return [clip(head, width), *_wrap(said, width, INDENT, most=most)]


def file_lines(heading: str, files: list[dict[str, Any]], width: int, most: int = 5) -> list[str]:
    """Return the first files below a heading, each with its note or else its status."""
    lines = []
    for source in sorted(files, key=_weight)[:MOST_FILES]:
        why = clean(fold(source.get("note") or source.get("status")))
        path = clean(str(source.get("path")))
        room = max(width - 2, 20)
        half = (room - 3) // 2
        # A path keeps both ends: the folder says where, the name says what.
        short = path if len(path) <= room else f"{path[:half]}...{path[-half:]}"
        line = f"  {short}: {why}"
        lines += [line] if len(line) <= width else [f"  {short}", *_wrap(why, width, 4, most=most)]
    if len(files) > MOST_FILES:
        more = f"  and {len(files) - MOST_FILES:,} more: "
        lines.append(more + 'logpipe query "SELECT path, note FROM uncovered"')
    return ["", heading, *lines] if lines else []


def _weight(source: dict[str, Any]) -> int:
    """Return how much a file may have held of what is asked: archives and logs, then the rest."""
    told = f"{source.get('path')}: {source.get('note')}"
    if LIGHT.search(told):
        return 2
    return 0 if source.get("format") or HEAVY.search(told) else 1


def zone_option(host: str | None, zone: str = "Europe/Berlin") -> str:
    """Return the option that tells the zone of a host, or of all, as every shell takes it."""
    named = host if host and PLAIN_NAME.fullmatch(host) else "*"  # a log may name a host $(reboot)
    return f'--tz "{named}={zone}"'


def _zone_lines(report: dict[str, Any], width: int) -> list[str]:
    """Say which times are no UTC, and what to do."""
    if not (files := zoneless(report)):
        return []
    hosts = hosts_of(files)
    nameless = [] if all(source.get("host") for source in files) else ["unknown hosts"]
    of = f" of {list_words(hosts + nameless)}" if hosts else ""
    of_one = len(hosts) == 1 and all(source.get("host") for source in files)
    words = (
        f"{count_words(len(files), 'file')}{of}: local times, zone unknown, shown as they are "
        "written. Say which it is, for instance:"
    )
    return ["", *_wrap(clean(words), width), f"  {zone_option(hosts[0] if of_one else None)}"]


def summary_lines(
    report: dict[str, Any], *, width: int = 80, most: int = 3, report_path: object = None
) -> list[str]:
    """Return the report as plain lines no wider than asked, except for the path at the end.

    An incident has a line for its title, and at most so many below it.
    """
    loud, quiet = above_info(report), only_info(report)
    hosts = hosts_of([*filter(is_log, report["sources"]), *report["incidents"]])
    records = sum(whole(source.get("records")) for source in report["sources"])
    first = f"{reading_words(report)}; {count_words(records, 'record')}"
    first += f" from {count_words(len(hosts), 'host')}" if hosts else ""
    if covered := period(report):
        first += f"; {covered[0]:%Y-%m-%d} to {covered[1]:%Y-%m-%d} UTC"
    lines = _wrap(clean(f"{first}."), width)
    for words in lacking(report):
        lines += _wrap(words, width)
    lines += _zone_lines(report, width)
    if not loud:
        lines += ["", *_wrap(f"{headline(report)}.", width)]
    for incident in loud[:MOST_INCIDENTS]:
        lines += ["", *_incident_lines(incident, width, most)]
    if len(loud) > MOST_INCIDENTS:
        lines += ["", f"and {count_words(len(loud) - MOST_INCIDENTS, 'incident')} more above info"]
    if quiet:
        rules = sorted({str(incident.get("rule")) for incident in quiet})
        lines += [
            "",
            clip(clean(f"{'INFO':<{INDENT}}{len(quiet):,} more: {list_words(rules)}"), width),
        ]
    lines += file_lines("Not read:", unread(report), width)
    lines += file_lines("Read in part:", in_part(report), width, most=3)
    if report_path is not None:
        lines += ["", f"Report: {clean(str(report_path))}"]
    return lines
