"""The report as Markdown for tickets: a Mermaid timeline for each incident, all text harmless."""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from logpipe.report import _facts
from logpipe.report._lanes import LANES, fair_shares, lane_of, spread
from logpipe.report._marked import coded, drawn, fenced, marked
from logpipe.report._words import (
    lasted,
    measure_words,
    moment,
    span_words,
    to_second,
    value_words,
    whole,
)
from logpipe.report.explained import split_command
from logpipe.words import count_words

MOST_CHARACTERS = 60_000  # GitHub takes 65,536 in one text
MOST_LISTED = 60  # incidents in the overview
MOST_FINDINGS = 20  # of one incident
MOST_BARS = 24
MOST_ITEMS = 20  # signs, measures, things missing
MOST_FILES = 20
ID = re.compile(r"^message \S+ (?=\S)")  # has no room in a bar: the table below has it
# how Mermaid shows each lane
TAGS = {"symptom": "crit", "restart": "active", "release": "done"}
STATES = {"present": "yes", "absent": "no"}
Row = dict[str, Any]


def render_markdown(report: Row) -> str:
    """Return the report as Markdown short enough for a ticket; what is left out is counted."""
    incidents = [*_facts.above_info(report), *_facts.only_info(report)]
    told = "\n".join([*_head_lines(report), *_overview_lines(incidents), *_file_lines(report), ""])
    in_full = 0
    for one in incidents:
        section = "".join(f"{line}\n" for line in _incident_lines(one))
        if len(told) + len(section) > MOST_CHARACTERS:
            break
        told += section
        in_full += 1
    if left := len(incidents) - in_full:
        told += f"\n*{count_words(left, 'incident')} more than fit here:"
        told += " `logpipe report -f markdown --incident ID` has one alone.*\n"
    return told


def _head_lines(report: Row) -> Iterator[str]:
    """Yield the headline and what was read."""
    yield f"# {marked(_facts.headline(report))}"
    yield ""
    records = sum(whole(source.get("records")) for source in report["sources"])
    facts = [_facts.reading_words(report), count_words(records, "record")]
    if covered := _facts.period(report):
        facts.append(f"{covered[0]:%Y-%m-%d} to {covered[1]:%Y-%m-%d} UTC")
    yield f"{'; '.join(facts)}."
    for words in _facts.lacking(report):
        yield f"\n**{words}**"
    if local := _facts.zoneless(report):
        yield f"\n**{count_words(len(local), 'file')}: local times, zone unknown, as written.**"


def _overview_lines(incidents: list[Row]) -> Iterator[str]:
    """Yield a table of all incidents, the worst first."""
    if len(incidents) <= 1:
        return
    yield ""
    yield "| severity | incident | host | when (UTC) | messages |"
    yield "|---|---|---|---|--:|"
    for one in incidents[:MOST_LISTED]:
        messages = (one.get("measures") or {}).get("messages")
        yield _cells(
            _facts.severity(one),
            marked(one.get("title") or one.get("rule"), 160),
            coded(one.get("host"), 80),
            span_words(one.get("started_at"), one.get("ended_at")),
            "" if messages is None else value_words(messages),
        )
    if (left := len(incidents) - MOST_LISTED) > 0:
        yield f"\nand {left:,} more"


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _file_lines(report: Row) -> Iterator[str]:
    """Yield the files that were not read, or not whole."""
    files = [*_facts.unread(report), *_facts.in_part(report)]
    if not files:
        return
    yield "\n<details><summary>Not read whole: " + count_words(len(files), "file")
    yield "</summary>\n"
    for source in files[:MOST_FILES]:
        why = marked(source.get("note") or source.get("status"), 300)
        yield f"- {coded(source.get('path'), 200)}: {why}"
    if left := len(files[MOST_FILES:]):
        yield f"- and {left:,} more"
    yield "\n</details>"


def _incident_lines(one: Row) -> Iterator[str]:
    """Yield all that a ticket needs of one incident."""
    start, end = one.get("started_at"), one.get("ended_at")
    duration = lasted(start, end)
    yield f"\n## {_facts.severity(one).capitalize()}: {marked(one.get('title') or one.get('rule'))}"
    yield ""
    if summary := marked(one.get("summary"), 2000):
        yield f"{summary}\n"
    yield f"- When: {span_words(start, end)} UTC{f' ({duration})' if duration else ''}"
    yield f"- Host: {coded(one.get('host')) or 'unknown'}; service: {coded(one.get('service'))}"
    if one.get("known_problem"):
        title = marked(one.get("known_problem_title") or one["known_problem"])
        yield f"- Known problem, {marked(one.get('verdict'))}: {title}"
    yield f"- Incident: {coded(one.get('id'))}"
    for name, value in list((one.get("measures") or {}).items())[:MOST_ITEMS]:
        yield f"- {marked(': '.join(measure_words(str(name), value)))}"
    yield from _drawing_lines(one)
    for name, title in (("todo", "What to do"), ("why", "Why it matters")):
        if said := marked(one.get(name), 2000):
            yield f"\n**{title}.** {said}"
    yield from _sign_lines(one)
    if missing := one.get("missing_evidence"):
        yield "\n**What would make it surer**\n"
        for what, command in map(split_command, missing[:MOST_ITEMS]):
            yield f"- {marked(what)}"
            yield from fenced(command, "  ")
    yield from _finding_lines(one.get("findings") or [])


def _sign_lines(one: Row) -> Iterator[str]:
    """Yield the signs of the known problem."""
    if not one.get("signs"):
        return
    yield "\n| sign | seen | |"
    yield "|---|---|---|"
    for sign in one["signs"][:MOST_ITEMS]:
        state = STATES.get(sign.get("state"), "unknown")
        yield _cells(marked(sign.get("title"), 200), state, marked(sign.get("text"), 300))


def _finding_lines(findings: list[Row]) -> Iterator[str]:
    """Yield the first findings of each role with the place that proves them."""
    if not findings:
        return
    rows = _chosen(findings, MOST_FINDINGS)
    yield f"\n<details><summary>{count_words(len(findings), 'finding')} with their places"
    yield "</summary>\n"
    yield "| when (UTC) | role | host | finding | place |"
    yield "|---|---|---|---|---|"
    for row in rows:
        place = row.get("source") and f"{row['source']}:{row.get('record')}"
        yield _cells(
            to_second(row.get("ts")),
            marked(row.get("role"), 40),
            coded(row.get("host"), 80),
            marked(row.get("text"), 300),
            coded(place, 300),
        )
    if left := len(findings) - len(rows):
        yield f"\n{left:,} more: `logpipe explain --all` shows them."
    yield "\n</details>"


def _chosen(findings: list[Row], most: int) -> list[Row]:
    """Return so many findings in order of time, spread over each lane, so that none is lost."""
    lanes: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(findings, key=_when):
        lanes[lane_of(row)].append(row)
    shares = fair_shares({name: len(rows) for name, rows in lanes.items()}, most)
    return sorted((row for name in lanes for row in spread(lanes[name], shares[name])), key=_when)


def _when(row: Row) -> tuple[datetime, str]:
    return moment(row.get("ts")) or _facts.NEVER, str(row.get("text"))


def _drawing_lines(one: Row) -> Iterator[str]:
    """Yield a Mermaid chart of the incident: a section a host, a bar or a mark a finding."""
    dated = [row for row in one.get("findings") or [] if moment(row.get("ts"))]
    if len(dated) <= 1:
        return
    by_host: dict[str, list[Row]] = defaultdict(list)
    for row in _chosen(dated, MOST_BARS):
        by_host[drawn(row.get("host")) or "unknown host"].append(row)
    yield "\n```mermaid\ngantt"
    yield "    dateFormat YYYY-MM-DDTHH:mm:ss"
    yield "    axisFormat %Y-%m-%d %H:%M"
    for host, rows in sorted(by_host.items()):
        yield f"    section Host {host}"
        yield from map(_bar, rows)
    yield "```"


def _bar(row: Row) -> str:
    """Return the line of one finding; its label begins with our own word, never a stranger's."""
    first, last = moment(row["ts"]) or datetime.min.replace(tzinfo=UTC), moment(row.get("ts_end"))
    lane = lane_of(row)
    tag = TAGS.get(lane, "")
    began = f"{first:%Y-%m-%dT%H:%M:%S}"
    ended = f"{last:%Y-%m-%dT%H:%M:%S}" if last and last > first else "0d"
    shape = "milestone" if ended == "0d" else ""
    meta = ", ".join(filter(None, [tag, shape, began, ended]))
    name = lane if lane in LANES[:3] else "sign"
    said = ID.sub("mail ", str(row.get("text") or ""))
    return f"    {name} {drawn(said)} :{meta}"
