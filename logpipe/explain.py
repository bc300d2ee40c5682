"""One incident with what explains it: the causes of its waits, the lines that its findings name."""

from typing import Any

from logpipe.analyze import build_report, known_sources
from logpipe.formats import all_formats
from logpipe.report.chosen import one_incident
from logpipe.report.evidence import quoted
from logpipe.report.explained import Explained
from logpipe.report.text import clean
from logpipe.sqlfiles import sql_text
from logpipe.store import Connection, ask


def explain(con: Connection, incident_id: str) -> Explained:
    """Return an incident of the report with what explains it.

    The beginning of an id will do, where no other begins so.
    """
    incident = one_incident(build_report(con)["incidents"], incident_id)
    asked = {"incident": incident["id"]}
    tables = {row["table_name"] for row in ask(con, "SELECT table_name FROM duckdb_tables()")}
    quotes = {
        (row["source"], row["record"]): clean(row["words"])
        for row in ask(con, sql_text("reports", "event_words"), asked)
    }
    waits = ask(con, sql_text("reports", "waits"), asked) if "wait_stretch" in tables else []
    places = [
        (found["source"], found["record"])
        for found in incident["findings"]
        if found["source"] is not None and found["record"] is not None
    ]
    return Explained(
        incident, waits, quotes | quoted(known_sources(con), places), _packed(con, incident)
    )


def _packed(con: Connection, incident: dict[str, Any]) -> list[str]:
    """Return the archives whose members have lines that the findings of an incident name."""
    lined = {format_.name for format_ in all_formats() if format_.lined}
    named = {found["source"] for found in incident["findings"] if found["record"] is not None}
    archives = {row["path"] for row in ask(con, sql_text("load", "archives"))}
    members = (one for one in known_sources(con) if one.path in named and one.format in lined)
    inside = {one.path.split("!", 1)[0] for one in members}
    return sorted(inside & archives)
