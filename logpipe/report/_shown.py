"""Which incidents the page tells in full, and which of their findings: those are quoted, too."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from logpipe.report import _facts, _lanes, _words

MOST_IN_FULL = 200  # incidents; the others stand in the overview
MOST_EVIDENCE = 200  # findings shown of one incident,
LEAST_EVIDENCE = 10  # but no more than this
PAGE_EVIDENCE = 2000  # once the page has so many

Row = dict[str, Any]


def told_in_full(report: Row) -> Iterator[tuple[Row, list[Row], list[int]]]:
    """Yield each incident with its findings in order of time and the places of those shown."""
    room = PAGE_EVIDENCE
    for incident in [*_facts.above_info(report), *_facts.only_info(report)][:MOST_IN_FULL]:
        findings = sorted(
            incident.get("findings") or [],
            key=lambda finding: _words.moment(finding.get("ts")) or _facts.NEVER,
        )
        shown = _first_of_each_lane(findings, min(MOST_EVIDENCE, max(LEAST_EVIDENCE, room)))
        room -= len(shown)
        yield incident, findings, shown


def _first_of_each_lane(findings: list[Row], most: int) -> list[int]:
    """Return the places of findings to show, in order, so that no lane is crowded out."""
    lanes: dict[str, list[int]] = defaultdict(list)
    for place, finding in enumerate(findings):
        lanes[_lanes.lane_of(finding)].append(place)
    shares = _lanes.fair_shares({name: len(places) for name, places in lanes.items()}, most)
    return sorted(place for name, places in lanes.items() for place in places[: shares[name]])
