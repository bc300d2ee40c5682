"""One message through every log that knows it: which one is meant, and its whole story."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from logpipe.analyze import known_sources
from logpipe.errors import LogpipeError
from logpipe.named import require_hosts
from logpipe.report._trace_words import no_match_words
from logpipe.report.evidence import quoted
from logpipe.report.traced import Traced
from logpipe.sqlfiles import sql_text
from logpipe.store import Connection, ask

MOST_MATCHES = 20  # messages that are listed
# tables of one trace, each made from those before it
STAGES = ("row", "clock", "step", "hop", "recipient", "wait", "gap")
ASKING = {"row", "recipient", "wait"}  # those that look into the store for the message itself


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: an id, an address or words of a subject; the rest narrows it.

    ``since`` and ``until`` are naive UTC and bound the first time that a log names the message.
    """

    what: str
    since: datetime | None = None
    until: datetime | None = None
    hosts: Sequence[str] | None = None


def find_messages(con: Connection, wanted: Wanted) -> list[dict[str, Any]]:
    """Return the messages that are meant, newest first, at most ``MOST_MATCHES``.

    Raises LogpipeError where there is none.
    """
    what = wanted.what.strip()
    bare = what[1:-1].strip() if what.startswith("<") and what.endswith(">") else what
    if not what:
        raise LogpipeError("trace: give a Message-ID, an address or words of a subject")
    _mentions(con)
    asked = {
        "what": what, "bare": bare, "from": wanted.since, "until": wanted.until,
        "hosts": [host.upper() for host in wanted.hosts] if wanted.hosts else None,
        "most": MOST_MATCHES,
    }  # fmt: skip
    found = ask(con, sql_text("reports", "trace_find"), asked)
    if not found:
        require_hosts(con, wanted.hosts or [])
        narrowed = bool(wanted.since or wanted.until or wanted.hosts)
        logs = ask(con, sql_text("reports", "trace_logs"))
        raise LogpipeError(no_match_words(what, logs, narrowed=narrowed))
    return found


def trace_message(con: Connection, mail: str, *, raw: bool = False) -> Traced:
    """Return the story of one message of ``find_messages``; ``raw`` reads its lines from the files.

    What is made on the way is temporary and of this connection.
    """
    _mentions(con)
    for stage in STAGES:
        name = f"trace_{stage}"
        asked = {"mail": mail} if stage in ASKING else {}
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql_text('reports', name)}", asked)
    (head,) = ask(con, sql_text("reports", "trace_head"), {"mail": mail})
    entries = ask(con, sql_text("reports", "trace_entry"))
    places = [(one["source"], one["record"]) for one in entries if one["source"] is not None]
    return Traced(
        head=head,
        clocks=ask(con, "FROM trace_clock ORDER BY first_ts, host"),
        hops=ask(con, "FROM trace_hop ORDER BY hop"),
        recipients=ask(con, "FROM trace_recipient ORDER BY recipient"),
        entries=entries,
        quotes=quoted(known_sources(con), places) if raw else {},
    )


def _mentions(con: Connection) -> None:
    sql = sql_text("reports", "trace_mention")
    con.execute(f"CREATE OR REPLACE TEMP VIEW trace_mention AS {sql}")
