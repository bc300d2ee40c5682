"""What the store remembers of nightly runs: files read, the window looked at, incidents then."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from logpipe.config import Suppression
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.sqlfiles import sql_text
from logpipe.store import Connection, ask, show, transaction

GROWTH = 1.25  # so many times the messages of the night before are worse
# rows of these are told by a moment; the tables above and below them are not about moments
TIMED = (
    "windows_event", "tracking_event", "smtp_event", "connection_event", "client_event",
    "counter_sample", "queue_entry", "delivery_report", "log_row",
)  # fmt: skip
TITLES = {"incident_id": pl.String, "title": pl.String}
QUIET = {
    "reason": pl.String, "until": pl.Date, "rule": pl.String, "host": pl.String,
    "incident": pl.String,
}  # fmt: skip
Row = dict[str, Any]


def last_night(con: Connection) -> Row | None:
    """Return the row of table night that is the latest, if any."""
    rows = ask(con, "FROM night ORDER BY night_id DESC LIMIT 1")
    return rows[0] if rows else None


def fresh_offers(con: Connection, offers: Sequence[Offer]) -> dict[Offer, tuple[int, int]]:
    """Return the files that are new or have changed, with their size and time as they are now."""
    seen = {row["path"]: (row["bytes"], row["modified"]) for row in ask(con, "FROM seen_file")}
    found = {offer: _state(offer) for offer in offers}
    return {offer: now for offer, now in found.items() if seen.get(offer.shown) != now}


def _state(offer: Offer) -> tuple[int, int]:
    """Return size and time of a file; of one that cannot be asked, what no file has."""
    try:
        told = offer.path.stat()
    except OSError:
        return -1, -1
    return told.st_size, told.st_mtime_ns


def note_seen(
    con: Connection, offers: dict[Offer, tuple[int, int]], sources: Sequence[Source], run_id: int
) -> None:
    """Write down which files need not be read again; not those that could not be read."""
    failed = {source.path.partition("!")[0] for source in sources if source.status == "failed"}
    rows = [
        {"path": offer.shown, "bytes": size, "modified": modified, "run_id": run_id}
        for offer, (size, modified) in offers.items()
        if size >= 0 and offer.shown not in failed
    ]
    if not rows:
        return
    with transaction(con):
        show(con, "seen_now", pl.DataFrame(rows))
        con.execute("DELETE FROM seen_file WHERE path IN (SELECT path FROM seen_now)").fetchall()
        con.execute("INSERT INTO seen_file BY NAME FROM seen_now").fetchall()
        con.unregister("seen_now")


def newest(con: Connection, began: datetime) -> datetime | None:
    """Return the newest moment of which a log of the store speaks (naive UTC)."""
    (row,) = ask(con, sql_text("nightly", "newest"), {"began": began})
    found: datetime | None = row["to_ts"]
    return found


def window_start(last: Row | None, sources: Sequence[Source], days: int) -> datetime | None:
    """Return from when on events are looked at: days before what is new, a late file's too.

    None: from the first one, as in the first night. ``sources`` are those of this night.
    """
    if last is None or last["to_ts"] is None:
        return None
    news = [source.first_ts for source in sources if source.rows and source.first_ts]
    start: datetime = min([last["to_ts"], *news]) - timedelta(days=days)
    return start


@contextmanager
def windowed(con: Connection, start: datetime | None) -> Iterator[None]:
    """Let every query see only the rows of the window: views that stand before the log tables.

    What is derived meanwhile is of the window alone, so that its cost does not grow with history.
    """
    if start is None:
        yield
        return
    views = dict.fromkeys(TIMED, "window_rows") | {"source": "window_source"}
    (here,) = ask(con, "SELECT current_database() AS store_name")  # temp has a schema main too
    filled = {"window_from": start.isoformat(sep=" "), "store_name": f'"{here["store_name"]}"'}
    for table, name in views.items():
        text = sql_text("nightly", name)
        for word, value in (filled | {"log_table": table}).items():
            text = text.replace(word, value)
        con.execute(f"CREATE TEMP VIEW {table} AS {text}")
    try:
        yield
    finally:
        for table in views:
            con.execute(f"DROP VIEW temp.{table}")


def forget(con: Connection, before: datetime) -> None:
    """Delete rows of logs that are older than a moment; the books of their files stay."""
    with transaction(con):
        for table in TIMED:
            text = sql_text("nightly", "retain").replace("log_table", table)
            con.execute(text, {"before": before}).fetchall()


def write_night(
    con: Connection, night: Row, incidents: Sequence[Row], suppress: Sequence[Suppression]
) -> list[Row]:
    """Write a night down, and what its incidents are beside earlier ones; returns the latter.

    ``night`` has the columns of table night, ``incidents`` are those of the report; the rows are
    those of table night_incident.
    """
    names = ", ".join(night)
    values = ", ".join(f"${name}" for name in night)
    con.execute(f"INSERT INTO night ({names}) VALUES ({values})", night)
    titles = [{"incident_id": one["id"], "title": one["title"]} for one in incidents]
    show(con, "tonight", pl.DataFrame(titles, schema=TITLES))
    _show_suppressions(con, suppress)
    asked = {name: night[name] for name in ("night_id", "began")} | {"growth": GROWTH}
    told = f"INSERT INTO night_incident BY NAME {sql_text('nightly', 'compare')}"
    con.execute(told, asked).fetchall()
    for name in ("tonight", "suppression"):
        con.unregister(name)
    return night_incidents(con, night["night_id"])


def write_silence(
    con: Connection, night: Row, kept_from: datetime, suppress: Sequence[Suppression]
) -> list[Row]:
    """Write down which hosts a night got no logs of; returns those rows of table night_silence.

    Before ``kept_from`` no row of a log is kept.
    """
    _show_suppressions(con, suppress)
    asked = {"night_id": night["night_id"], "began": night["began"], "kept_from": kept_from}
    told = f"INSERT INTO night_silence BY NAME {sql_text('nightly', 'silent')}"
    con.execute(told, asked).fetchall()
    con.unregister("suppression")
    return ask(
        con,
        "FROM night_silence WHERE night_id = $night_id ORDER BY host",
        {"night_id": night["night_id"]},
    )


def _show_suppressions(con: Connection, suppress: Sequence[Suppression]) -> None:
    quiet = [{name: getattr(one, name) for name in QUIET} for one in suppress]
    show(con, "suppression", pl.DataFrame(quiet, schema=QUIET))


def night_incidents(con: Connection, night_id: int) -> list[Row]:
    """Return what one night told of its incidents, the gravest first."""
    return ask(con, sql_text("nightly", "incidents"), {"night_id": night_id})
