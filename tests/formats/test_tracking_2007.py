"""Tracking of Exchange 2007 to SE: field lists, CSV as Python's csv reads it, recipients."""

import csv
import io
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logpipe.formats.tracking_2007 import (
    FIELDS_2007,
    FIELDS_2010,
    FIELDS_2013,
    FIELDS_2016,
    FORMAT,
)
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection, ask, open_store

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
LISTS = (FIELDS_2007, FIELDS_2010, FIELDS_2013, FIELDS_2016)
PLAIN = {
    "date-time": "2009-02-03T00:10:00.100Z",
    "client-ip": "fe80::1c2d:3e4f%3",
    "server-hostname": "HUB1.corp.example",
    "source": "QUEUE",
    "event-id": "FAIL",
    "internal-message-id": "77",
    "message-id": "<a1@corp.example>",
    "recipient-address": "Bob@Partner.example",
    "recipient-status": "550 4.4.7 QUEUE.Expired; message expired",
    "total-bytes": "4100",
    "recipient-count": "1",
    "message-subject": "Offer",
    "sender-address": "alice@corp.example",
    "return-path": "<>",
}


def row(fields: list[str] = FIELDS_2016, **changed: str) -> str:
    """A line with these values; names with - are given with _."""
    values = PLAIN | {name.replace("_", "-"): value for name, value in changed.items()}
    return csv_line([values.get(name, "") for name in fields])


def csv_line(values: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(values)
    return out.getvalue()


def header(fields: list[str] = FIELDS_2016, version: str = "15.01.2375.007") -> list[str]:
    return [
        "#Software: Microsoft Exchange Server",
        f"#Version: {version}",
        "#Log-type: Message Tracking Log",
        "#Date: 2009-02-03T00:00:00.015Z",
        f"#Fields: {','.join(fields)}",
    ]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("t2007") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in ("source", "reject", "tracking_event"):
        store.execute(f"DELETE FROM {table}")
    return store


def load_bytes(con: Connection, folder: Path, content: bytes) -> Source:
    path = folder / "MSGTRK2009020300-1.LOG"
    path.write_bytes(content)
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.format == "tracking_2007", source.note
    assert source.records == source.rows + source.duplicates + source.rejects
    return source


def load(con: Connection, folder: Path, lines: list[str], *, end: str = "\r\n") -> Source:
    return load_bytes(con, folder, (end.join(lines) + end).encode())


def rows(con: Connection, columns: str) -> list[tuple[Any, ...]]:
    return con.execute(
        f"SELECT {columns} FROM tracking_event ORDER BY record, recipient_no"
    ).fetchall()


def rejects(con: Connection) -> list[tuple[Any, ...]]:
    return con.execute("SELECT record, reason FROM reject ORDER BY record").fetchall()


VERSIONS = ("8.0.0.0", "14.0.0.0", "15.00.1104.000", "15.02.1118.007")
PRODUCTS = ("2007", "2010", "2013", "2019 or Subscription Edition")


@pytest.mark.parametrize("generation", range(4))
def test_each_generation_is_read_by_its_own_field_list(
    generation: int, con: Connection, tmp_path: Path
) -> None:
    fields = LISTS[generation]
    assert len(fields) == (21, 26, 27, 30)[generation]
    line = row(fields, network_message_id="4B2C", custom_data="S:E2ELatency=1", log_id="L")
    source = load(con, tmp_path, [*header(fields, VERSIONS[generation]), line])
    assert source.generation == f"Exchange {PRODUCTS[generation]} ({VERSIONS[generation]})"
    (event,) = ask(con, "SELECT * FROM tracking_event")
    assert event["record"] == 6
    assert event["ts"].isoformat() == "2009-02-03T00:10:00.100000"
    assert (event["host"], event["server_host"]) == ("HUB1", "HUB1.corp.example")
    assert (event["event"], event["class"], event["component"]) == ("FAIL", "fail", "QUEUE")
    assert (event["message_id"], event["internal_id"]) == ("a1@corp.example", "77")
    assert event["network_id"] == ("4b2c" if generation >= 2 else None)
    assert (event["recipient"], event["recipients"]) == ("bob@partner.example", 1)
    assert (event["status_code"], event["status_split"]) == ("4.4.7", True)
    assert (event["sender"], event["return_path"]) == ("alice@corp.example", "<>")
    assert (event["bytes"], event["client_ip"]) == (4100, "fe80::1c2d:3e4f%3")
    assert event["custom_data"] == ("S:E2ELatency=1" if generation >= 1 else None)
    assert event["log_id"] == ("L" if generation >= 3 else None)
    assert event["extra"] is None


@pytest.mark.parametrize("fields", LISTS, ids=len)
def test_without_a_header_the_width_tells_the_field_list(
    fields: list[str], con: Connection, tmp_path: Path
) -> None:
    first = row(fields, message_subject='a, "b", c' + "x" * 200_000)
    source = load(con, tmp_path, [row(fields, message_subject="a, b"), first])
    assert (source.rows, source.rejects) == (2, 0)
    assert f"{len(fields)} fields assumed" in (source.note or "")
    assert rows(con, "record, sender")[0] == (1, "alice@corp.example")


def test_the_first_row_of_a_headerless_copy_may_be_cut(con: Connection, tmp_path: Path) -> None:
    lines = [row(FIELDS_2013)[40:], *[row(FIELDS_2013)] * 3]
    source = load(con, tmp_path, lines)
    assert (source.records, source.rows) == (4, 3)
    assert rejects(con) == [(1, "no readable date and time")]


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_header_in_mid_file_brings_its_own_field_list(
    end: str, con: Connection, tmp_path: Path
) -> None:
    bare = ",".join(FIELDS_2007)
    lines = [
        *header(),
        row(),
        "",
        *header(FIELDS_2007),
        bare,
        row(FIELDS_2007),
        "",
        row(FIELDS_2007),
    ]
    source = load_bytes(con, tmp_path, b"\xef\xbb\xbf" + (end.join(lines) + end).encode())
    assert (source.records, source.rows, source.note) == (3, 3, None)
    assert rows(con, "record, sender") == [
        (6, "alice@corp.example"),
        (14, "alice@corp.example"),
        (16, "alice@corp.example"),
    ]


def test_rows_above_the_first_header_are_read_by_their_width(
    con: Connection, tmp_path: Path
) -> None:
    source = load(con, tmp_path, [row(FIELDS_2010), *header(), row()])
    assert (source.rows, source.rejects) == (2, 0)


def test_short_rows_are_padded_and_surplus_values_kept(con: Connection, tmp_path: Path) -> None:
    short = row(FIELDS_2007).rstrip(",")
    lines = [*header(FIELDS_2007), short, row(FIELDS_2007) + ",more,", row(FIELDS_2007) + ",,third"]
    source = load(con, tmp_path, lines)
    assert (source.rows, source.rejects) == (3, 0)
    assert rows(con, "return_path, extra") == [
        ("<>", None),
        ("<>", {"+1": "more"}),
        ("<>", {"+2": "third"}),
    ]


ALPHABET = [
    ",",
    '"',
    '""',
    '","',
    ";",
    "'",
    " ",
    "a",
    "7",
    "é",
    "漢字",
    "\U0001f4e7",
    "\u200f",
    "x@y",
]


def test_every_field_is_as_pythons_csv_module_reads_it(con: Connection, tmp_path: Path) -> None:
    rng = random.Random(20070903)  # noqa: S311 - a corpus wants a seed
    lines, expected = [], []
    for number in range(3000):
        subject, context, connector = (
            "".join(rng.choices(ALPHABET, k=rng.randrange(7))) for _ in range(3)
        )
        values = PLAIN | {
            "message-subject": subject,
            "source-context": context,
            "connector-id": connector,
            "custom-data": subject + context,
            "internal-message-id": str(number),
        }
        line = [values.get(name, "") for name in FIELDS_2016]
        if rng.random() < 0.3:  # some writers quote everything, empty values too
            lines.append(",".join('"' + v.replace('"', '""') + '"' for v in line))
        else:
            lines.append(csv_line(line))
        read = dict(zip(FIELDS_2016, next(csv.reader([lines[-1]])), strict=True))
        assert read["message-subject"] == subject
        expected.append(
            (
                number + 6,
                str(number),
                subject or None,
                context or None,
                connector or None,
                (subject + context) or None,
            )
        )
    source = load(con, tmp_path, [*header(), *lines])
    assert (source.rows, source.rejects) == (3000, 0)
    found = rows(con, "record, internal_id, subject, context, connector, custom_data")
    assert found == expected


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_an_open_quote_costs_its_own_line_and_no_other(
    end: str, con: Connection, tmp_path: Path
) -> None:
    good = row(message_subject='a "good", one')
    lines = [*header(), good, row(message_subject="@").replace("@,", '"open,', 1), good, good]
    assert lines[6].count('"') == 1
    source = load(con, tmp_path, lines, end=end)
    assert (source.records, source.rows, source.rejects) == (4, 3, 1)
    assert rejects(con) == [(7, "a quote is never closed")]
    assert rows(con, "record, subject") == [(n, 'a "good", one') for n in (6, 8, 9)]


LED = "[{LED=%s};{MSG=};{FQDN=mx.example};{IP=203.0.113.25};{LRT=}]"
OLD = "[{LRT=};{LED=550 5.1.1 a; b};{FQDN=};{IP=}]"
EXPIRED = "550 4.4.7 QUEUE.Expired; message expired"
STATUSES: dict[str, tuple[int, str, list[str | None] | None]] = {
    "one recipient, inner ;": (1, EXPIRED, [EXPIRED]),
    "one recipient, brackets": (1, LED % "x", [LED % "x"]),
    "two whole statuses": (2, f"{EXPIRED};{EXPIRED}", [EXPIRED, EXPIRED]),
    "trap: one status with one inner ; for two": (2, EXPIRED, None),
    "three statuses of three kinds": (
        3,
        f"250 2.1.5 Recipient OK;{EXPIRED};550 5.1.1 User unknown",
        ["250 2.1.5 Recipient OK", EXPIRED, "550 5.1.1 User unknown"],
    ),
    "two statuses for three": (3, f"{EXPIRED};{EXPIRED}", None),
    "words": (4, "To;Cc;Bcc;To", ["To", "Cc", "Bcc", "To"]),
    "two words": (2, "To;To", ["To", "To"]),
    "words that only begin so": (2, "550 5.1.1 x; To whom it may concern", None),
    "blank after ;": (2, "250 2.1.5 OK; 250 2.1.5 OK", ["250 2.1.5 OK", "250 2.1.5 OK"]),
    "an empty one last": (2, "250 2.1.5 OK;", ["250 2.1.5 OK", None]),
    "an empty one first": (2, ";250 2.1.5 OK", [None, "250 2.1.5 OK"]),
    "an empty one between": (3, "To;;Cc", ["To", None, "Cc"]),
    "separators only": (3, ";;", [None, None, None]),
    "brackets": (2, f"{LED % EXPIRED};{LED % 'b'}", [LED % EXPIRED, LED % "b"]),
    "brackets in the old key order": (2, f"{OLD};{OLD}", [OLD, OLD]),
    "brackets inside brackets": (
        2,
        f"{LED % '451 4.4.0 [192.0.2.1]; timed out'};{LED % 'x'}",
        [LED % "451 4.4.0 [192.0.2.1]; timed out", LED % "x"],
    ),
    "brackets beside a plain one": (2, f"{LED % 'x'};250 2.1.5 OK", [LED % "x", "250 2.1.5 OK"]),
    "plain beside brackets": (2, f"{EXPIRED};{LED % 'x'}", [EXPIRED, LED % "x"]),
    "one bracket for two": (2, LED % "550 5.1.1 a; 550 5.1.1 b", None),
    "brackets never closed": (2, "[{LED=a;{MSG=b", None),
}  # fmt: skip


def test_statuses_are_told_apart_or_kept_whole(con: Connection, tmp_path: Path) -> None:
    names = [f"r{n}@partner.example" for n in range(4)]
    lines = [
        row(recipient_address=";".join(names[:count]), recipient_status=status)
        for count, status, _ in STATUSES.values()
    ]
    load(con, tmp_path, [*header(), *lines])
    found: dict[str, list[tuple[Any, ...]]] = {kind: [] for kind in STATUSES}
    for record, *cells in rows(con, "record, recipient, status, status_split"):
        found[list(STATUSES)[record - 6]].append(tuple(cells))
    for kind, (count, status, expected) in STATUSES.items():
        whole: list[str | None] = [status] * count
        own = zip(names, expected or whole, strict=False)
        assert found[kind] == [(*pair, expected is not None) for pair in own], kind


def test_a_line_counts_once_however_many_recipients_it_has(con: Connection, tmp_path: Path) -> None:
    source = load(con, tmp_path, [*header(), row(recipient_address="a@x.example;B@x.example;")])
    assert (source.records, source.rows) == (1, 1)
    assert rows(con, "recipient_no, recipient") == [(1, "a@x.example"), (2, "b@x.example")]


def test_a_line_without_recipients_is_a_row(con: Connection, tmp_path: Path) -> None:
    load(con, tmp_path, [*header(), row(recipient_address="", recipient_status="")])
    assert rows(con, "recipient_no, recipient, status") == [(1, None, None)]


def test_thousands_of_recipients_take_no_thousandfold_memory(
    con: Connection, tmp_path: Path
) -> None:
    many = ";".join(f"somebody.number{n}@partner.example" for n in range(9000))
    status = ";".join(["250 2.1.5 Recipient OK"] * 9000)
    started = time.monotonic()
    source = load(con, tmp_path, [*header(), row(recipient_address=many, recipient_status=status)])
    assert time.monotonic() - started < 10
    assert source.rows == 1
    (counted,) = con.execute(
        "SELECT count(*), min(status), max(status), bool_and(status_split) FROM tracking_event"
    ).fetchall()
    assert counted == (9000, "250 2.1.5 Recipient OK", "250 2.1.5 Recipient OK", True)


def test_more_recipients_than_can_be_numbered_are_one_reject(
    con: Connection, tmp_path: Path
) -> None:
    source = load(con, tmp_path, [*header(), row(recipient_address="a@b.c;" * 70_000), row()])
    assert (source.rows, source.rejects) == (1, 1)
    assert rejects(con) == [(6, "more than 65,535 recipients")]


@pytest.mark.parametrize(
    "when", ["infinity", "epoch", "29009-02-03T00:00:00Z", "", "2009-02-03T25"]
)
def test_a_time_no_server_writes_is_refused(when: str, con: Connection, tmp_path: Path) -> None:
    load(con, tmp_path, [*header(), row(date_time=when), row()])
    assert rejects(con) == [(6, "no readable date and time")]


def test_unknown_events_and_columns_are_data(con: Connection, tmp_path: Path) -> None:
    fields = [*FIELDS_2007, "new-column", "new-column"]
    line = row(FIELDS_2007, event_id="TELEPORT") + ",one,two"
    load(con, tmp_path, [*header(fields), line])
    assert rows(con, "event, class, extra") == [
        ("TELEPORT", "other", {"new-column": "one", "new-column (field 23)": "two"})
    ]


def test_the_writing_server_is_the_client_of_what_it_sends(con: Connection, tmp_path: Path) -> None:
    ours, theirs = "HUB1.corp.example", "mx.partner.example"
    lines = [
        row(event_id="SEND", client_hostname=ours, server_hostname=theirs),
        row(event_id="SENDEXTERNAL", client_hostname=ours, server_hostname=theirs),
        row(event_id="RECEIVE", client_hostname="pc1", server_hostname="HUB1"),
    ]
    assert load(con, tmp_path, [*header(), *lines]).host == "HUB1"
    assert rows(con, "host, class") == [("HUB1", "ok"), ("HUB1", "ok"), ("HUB1", "enter")]


def test_the_origination_time_stands_before_the_latency_tree(
    con: Connection, tmp_path: Path
) -> None:
    info = "2009-02-02T12:46:03.426Z;SRV=HUB1,TOTAL-HUB=0.453|SMR=0.209(SMRDI=0.049)"
    load(con, tmp_path, [*header(), row(message_info=info), row(message_info="04I: ")])
    assert [str(ts) for (ts,) in rows(con, "origin_ts")] == ["2009-02-02 12:46:03.426000", "None"]
    assert rows(con, "info") == [(info,), ("04I: ",)]


def others() -> list[Path]:
    return sorted(
        path for kind in ("httpproxy", "other", "smtp") for path in CORPUS.glob(f"mail/{kind}/*")
    )


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real logs is not here")
def test_other_exchange_logs_are_not_claimed() -> None:
    assert others()
    claimed = [path.name for path in others() if FORMAT.sniff(path.read_bytes()[:65536])]
    assert claimed == []


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real logs is not here")
@pytest.mark.parametrize("kind", ["as it is", "LF", "CRLF", "BOM", "UTF-16", "cut"])
def test_real_logs_give_the_same_rows_however_they_were_copied(
    kind: str, con: Connection, tmp_path: Path
) -> None:
    for path in sorted(CORPUS.glob("mail/tracking/*")):
        raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
        lines = [
            line for line in raw.split(b"\n") if line and not line.startswith((b"#", b"date-"))
        ]
        content = {
            "as it is": path.read_bytes(),
            "LF": raw,
            "CRLF": raw.replace(b"\n", b"\r\n"),
            "BOM": b"\xef\xbb\xbf" + raw,
            "UTF-16": ("\ufeff" + raw.decode()).encode("utf-16-le"),
            "cut": raw[: -len(lines[-1]) // 2],
        }[kind]
        source = load_bytes(con, tmp_path, content)
        assert source.records == len(lines)
        assert source.rows == len(lines) - (kind == "cut")  # cut inside a quote
        con.execute("DELETE FROM source")
        con.execute("DELETE FROM tracking_event")


def test_a_half_written_last_line_is_refused_not_padded(con: Connection, tmp_path: Path) -> None:
    log = tmp_path / "half.log"
    row = "2009-02-03T00:10:00.100Z,,,,HUB1,,,SMTP,"
    log.write_text(
        "#Fields: " + ",".join(FIELDS_2007) + "\r\n" + row + "RECEIVE,77\r\n" + row + "RECEI"
    )
    source = ingest_file(con, Offer(log, log.stat().st_size), 1)
    assert (source.rows, source.rejects, source.status) == (1, 1, "partial")
    (reject,) = ask(
        con, "SELECT record, reason FROM reject WHERE source_id = $id", {"id": source.source_id}
    )
    assert reject == {"record": 3, "reason": "cut short: 9 of 21 fields"}
