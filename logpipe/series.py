"""Queue and memory beside incidents: lines to draw, from the store."""

from typing import Any

from logpipe.sqlfiles import split_header, sql_dir
from logpipe.store import Connection, ask

# What each kind of line is told by: its query in sql/reports, and the tables that it needs.
KINDS = {
    "queue": ("series_queue", {"message", "queue_depth", "log_span", "log_silence"}),
    "memory": ("series_memory", {"memory_hour"}),
    "late": ("series_late", {"waiting_message", "log_span"}),
}

Series = dict[str, Any]


def all_series(con: Connection) -> dict[str | None, list[Series]]:
    """Return the lines of each incident by its id, and under None those of all time.

    ``points`` are pairs of time and value; each tells of ``step_h`` hours from its time on.
    Stretches of which nothing is known have no point.
    """
    tables = {row["table_name"] for row in ask(con, "SELECT table_name FROM duckdb_tables()")}
    found: dict[str | None, list[Series]] = {}
    for kind, (name, needs) in KINDS.items():
        if needs <= tables:  # a store of an earlier version may lack some
            _, sql = split_header(sql_dir() / "reports" / f"{name}.sql")
            for series in _gathered(kind, ask(con, sql)):
                found.setdefault(series.pop("incident_id"), []).append(series)
    return found


def _gathered(kind: str, rows: list[dict[str, Any]]) -> list[Series]:
    """Return rows of one kind as one line per incident, host and name, in the order given."""
    lines: dict[tuple[str | None, str, str], Series] = {}
    for row in rows:
        key = (row["incident_id"], row["host"], row["name"])
        if key not in lines:
            named = {name: row[name] for name in ("incident_id", "name", "unit", "host", "step_h")}
            lines[key] = {"kind": kind, **named, "points": []}
        value = row["value"]
        whole = int(value) if value == int(value) else value
        lines[key]["points"].append([row["ts"], whole])
    return list(lines.values())
