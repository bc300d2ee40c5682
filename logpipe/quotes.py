"""The lines and events behind the findings that the page shows, quoted beside them."""

from typing import Any

from logpipe.model import Source
from logpipe.report._shown import told_in_full
from logpipe.report.evidence import quoted
from logpipe.report.text import clean
from logpipe.sqlfiles import split_header, sql_dir
from logpipe.store import Connection, ask

MOST_BYTES = 128 << 20  # of files that are read again: a page is not worth a second pass over all


def quote(con: Connection, report: dict[str, Any]) -> None:
    """Give findings that the page shows their own words as ``raw``: what the log says at the place.

    Events come from the store, lines from the files where they are still there, the small ones
    first. A finding whose words are not at hand gets none.
    """
    shown = [findings[place] for _, findings, places in told_in_full(report) for place in places]
    _, sql = split_header(sql_dir() / "reports" / "event_words.sql")
    words = {
        (row["source"], row["record"]): clean(row["words"])
        for row in ask(con, sql, {"incident": None})
    }
    wanted = {
        (one["source"], one["record"])
        for one in shown
        if one["source"] is not None and one["record"] is not None
    } - words.keys()
    words |= quoted(_small_ones(con, {path for path, _ in wanted}), sorted(wanted))
    for one in shown:
        if raw := words.get((one["source"], one["record"])):
            one["raw"] = raw


def _small_ones(con: Connection, paths: set[str]) -> list[Source]:
    """Return those files, the smallest first, that may be read again."""
    files = [Source(**row) for row in ask(con, "FROM source ORDER BY bytes, path, source_id")]
    chosen, room = [], MOST_BYTES
    for one in files:
        if one.path in paths and one.bytes is not None and one.bytes <= room:
            chosen.append(one)
            room -= one.bytes
    return chosen
