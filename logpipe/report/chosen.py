"""A part of a report: one incident, or those that are bad enough."""

from collections.abc import Sequence
from typing import Any

from logpipe.errors import LogpipeError
from logpipe.report._facts import SEVERITIES, severity

MOST_IDS = 20  # of incidents that fit what was asked
Row = dict[str, Any]


def one_incident(incidents: Sequence[Row], incident_id: str) -> Row:
    """Return the incident of an id; its beginning will do, where no other begins so."""
    found = [one for one in incidents if one["id"].startswith(incident_id)]
    exact = [one for one in found if one["id"] == incident_id]
    if not found:
        raise LogpipeError(f"{incident_id}: no such incident; 'logpipe explain' lists them")
    if len(exact or found) != 1:
        ids = ", ".join(one["id"] for one in found[:MOST_IDS])
        more = f" and {len(found) - MOST_IDS:,} more" if len(found) > MOST_IDS else ""
        raise LogpipeError(f"{incident_id}: several incidents begin so: {ids}{more}")
    (incident,) = exact or found
    return incident


def at_least(incidents: Sequence[Row], least: str) -> list[Row]:
    """Return the incidents of a severity and of those above it."""
    wanted = SEVERITIES[: SEVERITIES.index(least) + 1]
    return [one for one in incidents if severity(one) in wanted]


def chosen(report: Row, incident_id: str | None, least: str | None) -> Row:
    """Return the report with the incidents that were asked for; its files stay as they are.

    ``only`` and ``least`` of it tell what was asked for, so that nothing is taken for all there is.
    """
    incidents = report["incidents"]
    if incident_id is not None:
        incidents = [one_incident(incidents, incident_id)]
    if least is not None:
        incidents = at_least(incidents, least)
    asked = {"only": incident_id, "least": least}
    told = {name: value for name, value in asked.items() if value is not None}
    return report | told | {"incidents": incidents}
