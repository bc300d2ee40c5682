"""Logs made for the tests of ingest, and what it made of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from logpipe.ingest import begin_run, end_run, ingest_file
from logpipe.model import Source
from logpipe.offers import find_files
from logpipe.settle import settle
from logpipe.store import Connection, ask, transaction
from samples.generator.evt import EvtRecord
from samples.generator.evtx import EvtxRecord

TABLES = (
    "source", "reject", "header_block", "run", "windows_event", "smtp_event", "tracking_event",
)  # fmt: skip


FIELDS = "#Fields: date time c-ip cs-username s-computername cs-method cs-uri-query sc-status"


HEADER = f"#Software: Microsoft Internet Information Services 6.0\n{FIELDS}\n"


TRACKING = (
    "#Software: Microsoft Exchange Server\n#Log-type: Message Tracking Log\n"
    "#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,event-id,"
    "recipient-address,message-subject\n"
)


def w3c(count: int, *, first: int = 0, host: str = "GW1") -> str:
    """Rows that differ from each other by their moment."""
    start = datetime(2007, 9, 3, 5, tzinfo=UTC)
    times = (start + timedelta(seconds=number) for number in range(first, first + count))
    return "".join(
        f"{ts:%Y-%m-%d %H:%M:%S} 192.0.2.10 pc1 {host} RCPT +TO:<bob@x.example> 250\n"
        for ts in times
    )


def tracking(count: int) -> str:
    return "".join(
        f'2009-02-03T00:10:{n:02}.100Z,,,,HUB1,FAIL,a@x.example;b@x.example,"subject, {n}"\n'
        for n in range(count)
    )


def run(con: Connection, *inputs: Path) -> list[Source]:
    """What analyze and ingest do with their inputs; the books of all sources must balance."""
    offers = find_files(inputs)
    with transaction(con):
        run_id = begin_run(con, inputs, len(offers))
    sources = [ingest_file(con, offer, run_id) for offer in offers]
    settle(con, {})
    end_run(con, run_id)
    wrong = ask(con, "SELECT * FROM source WHERE records <> rows + duplicates + rejects")
    assert wrong == []
    assert counts(con)["rejected"] == sum(s["rejects"] for s in ask(con, "FROM source"))
    return sources


def counts(con: Connection) -> dict[str, int]:
    """How much stands in the store: sources, rejects, and records in each table."""
    return ask(
        con,
        """
        SELECT
            (SELECT count(*) FROM source) AS sources,
            (SELECT count(*) FROM reject) AS rejected,
            (SELECT count(*) FROM header_block) AS blocks,
            (SELECT count(*) FROM smtp_event) AS smtp,
            (SELECT count(*) FROM tracking_event) AS tracking,
            (SELECT count(*) FROM windows_event) AS windows
        """,
    )[0]


def everything(con: Connection) -> list[list[tuple[Any, ...]]]:
    return [con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in TABLES]


def statuses(sources: list[Source]) -> list[str]:
    return [source.status for source in sources]


def event(number: int) -> EvtRecord:
    return EvtRecord(
        number=number,
        ts=datetime(2005, 3, 1, tzinfo=UTC) + timedelta(minutes=number),
        source="SMTPSVC",
        computer="MAIL01",
        event_id_full=0x40001B7C,
        event_type=4,
        category=0,
        sid=None,
        strings=(f"s{number}",),
        data=b"",
    )


def evtx_event(number: int) -> EvtxRecord:
    when = datetime(2017, 3, 6, tzinfo=UTC) + timedelta(minutes=number)
    return EvtxRecord(number, when, "Service Control Manager", "EX16", 7036, strings=("a", "b"))
