"""SMTP service logs in NCSA format: offsets, quotes that are not escaped, whose lines they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logpipe.formats.smtpsvc_ncsa import FORMAT
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection, open_store

SAMPLE = Path(__file__).parents[2] / "samples" / "inputs" / "smtpsvc_ncsa" / "nc070903.log"
TIME = "03/Sep/2007:07:00:15 +0200"


def row(
    request: str = "EHLO -?+pc1 SMTP", *, user: str = "pc1", time: str = TIME, end: str = "250 275"
) -> str:
    return f'192.0.2.10 - {user} [{time}] "{request}" {end}'


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("ncsa") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in ("source", "reject", "smtp_event"):
        store.execute(f"DELETE FROM {table}").fetchall()
    return store


def load(con: Connection, folder: Path, lines: list[str]) -> Source:
    path = folder / "nc070903.log"
    path.write_bytes("\r\n".join(lines).encode())
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.format == "smtpsvc_ncsa", source.note
    assert source.records == source.rows + source.duplicates + source.rejects
    return source


def rows(con: Connection, columns: str) -> list[tuple[Any, ...]]:
    return con.execute(f"SELECT {columns} FROM smtp_event ORDER BY record").fetchall()


def test_every_field_is_read_and_the_time_is_utc(con: Connection, tmp_path: Path) -> None:
    source = load(con, tmp_path, [row()])
    assert (source.zone, source.zone_known_by, source.host) == ("UTC", "offset", None)
    assert rows(
        con,
        "ts::VARCHAR, local_ts, direction, kind, peer, peer_name, verb, argument, reply_code,"
        "bytes_out, protocol, extra",
    ) == [
        ("2007-09-03 05:00:15", None, "in", "command", "192.0.2.10", "pc1", "EHLO", "+pc1", 250,
         275, "SMTP", None),
    ]  # fmt: skip


def test_each_line_has_its_own_offset(con: Connection, tmp_path: Path) -> None:
    offsets = ["+0200", "- 0800", "+0530", "-0330", "+0000"]
    load(con, tmp_path, [row(time=TIME.replace("+0200", offset)) for offset in offsets])
    assert [str(ts)[11:16] for (ts,) in rows(con, "ts")] == [
        "05:00", "15:00", "01:30", "10:30", "07:00",
    ]  # fmt: skip


def test_quotes_and_brackets_in_a_command_do_not_end_it(con: Connection, tmp_path: Path) -> None:
    load(con, tmp_path, [row('RCPT -?+TO:<"a" b"@[192.0.2.1]> SMTP')])
    assert rows(con, "verb, argument") == [("RCPT", '+TO:<"a" b"@[192.0.2.1]>')]


def test_a_command_without_argument_has_no_question_mark(con: Connection, tmp_path: Path) -> None:
    load(con, tmp_path, [row("DATA - SMTP"), row("DATA -?+<1@pc1.example> SMTP")])
    assert rows(con, "verb, argument, message_id") == [
        ("DATA", None, None),
        ("DATA", "+<1@pc1.example>", "1@pc1.example"),
    ]


def test_outbound_rows_name_themselves(con: Connection, tmp_path: Path) -> None:
    reply = row("- -?250+2.1.0+Sender+OK SMTP", user="OutboundConnectionResponse", end="0 30")
    command = row("MAIL -?FROM:<a@x.example> SMTP", user="OutboundConnectionCommand", end="0 4")
    load(con, tmp_path, [reply, command])
    assert rows(con, "direction, kind, verb, address, reply_code, enhanced, peer_name") == [
        ("out", "reply", None, None, 250, "2.1.0", None),
        ("out", "command", "MAIL", "a@x.example", None, None, None),
    ]


def test_what_no_column_takes_is_kept(con: Connection, tmp_path: Path) -> None:
    odd = row("EHLO /x?+pc1 SMTP", end="ok many").replace(" - pc1", " me pc1")
    load(con, tmp_path, [row(), odd])
    kept = {"ident": "me", "target": "/x", "status": "ok", "bytes": "many"}
    assert rows(con, "extra")[1] == (kept,)


def test_cut_and_foreign_lines_are_refused(con: Connection, tmp_path: Path) -> None:
    wrong = row(time="31/Feb/2007:07:00:15 +0200")
    source = load(con, tmp_path, [row(), "text", wrong, "", row()[:60]])
    assert (source.records, source.rows) == (4, 1)
    assert con.execute("SELECT record, reason FROM reject ORDER BY record").fetchall() == [
        (2, "not a line of this log"),
        (3, "no readable date and time"),
        (5, "cut short: not all of client, time, command, status and bytes"),
    ]


def test_other_services_are_not_claimed() -> None:
    assert FORMAT.sniff(SAMPLE.read_bytes())
    web = row("GET /MAIL HTTP/1.1")
    assert not FORMAT.sniff(web.encode())
    assert not FORMAT.sniff(row("[1]USER anonymous FTP").encode())
    assert not FORMAT.sniff(f"{web}\n{web}\n{row()}".encode())
    assert not FORMAT.sniff(b"")
