"""Delivery reports as files: recognised, loaded, balanced, hostile and damaged ones too."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from logpipe.formats import mail, ndr
from logpipe.store import Connection, ask, open_store
from tests.formats.reports import (
    FIELDS,
    HEAD,
    MAILS,
    SAMPLES,
    TEXT,
    load,
    report,
    rows,
    told,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("ndr") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in ("source", "reject", "delivery_report"):
        store.execute(f"DELETE FROM {table}").fetchall()
    return store


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\r\r\n"])
def test_every_sample_is_read_with_every_line_end(end: str) -> None:
    expected = {
        "exchange2007": [
            ("bob@partner.example", "failed", "4.4.7"),
            ("eve@partner.example", "failed", "4.4.7"),
        ],
        "exchange55": [
            ("bob@partner.example", "failed", None),
            ("eve@other.example", "failed", None),
        ],
        "forwarded": [("bob@partner.example", "failed", "4.4.7")],
        "online": [("bob@partner.example", "failed", "5.4.312")],
        "smtpsvc-delay": [("bob@partner.example", "delayed", "4.4.7")],
        "smtpsvc-failure": [("bob@partner.example", "failed", "4.4.7")],
    }
    for path in sorted((SAMPLES / "ndr").iterdir()):
        raw = path.read_bytes().replace(b"\r\n", end.encode())
        assert [f.FORMAT.name for f in MAILS if f.sniff(raw)] == ["ndr"]
        assert told(rows(raw)) == expected.pop(path.stem)
    assert expected == {}


def test_the_samples_load_with_every_column(con: Connection) -> None:
    for path in sorted((SAMPLES / "ndr").iterdir()):
        assert (source := load(con, path)).status == "loaded", source.note
    (row,) = ask(con, "SELECT * FROM delivery_report WHERE report_message_id LIKE 'dsn1Delay%'")
    assert (row["host"], row["reporting_mta"]) == ("GW1", "gw1.corp.example")
    assert (row["record"], row["recipient_no"], row["kind"]) == (1, 1, "dsn")
    assert str(row["ts"]) == "2007-09-03 17:02:16"
    assert str(row["arrival_ts"]) == "2007-09-03 05:00:16"
    assert str(row["will_retry_until"]) == "2007-09-05 05:00:16"
    assert str(row["original_arrival_ts"]) == "2007-09-03 05:00:16.272000"
    assert str(row["original_date"]) == "2007-09-03 05:00:13"
    assert row["original_message_id"] == "m1@pc1.corp.example"
    assert row["original_sender"] == "alice@corp.example"
    assert row["original_subject"] == "Angebot für 5 €"
    assert row["report_recipient"] == "alice@corp.example"
    assert row["dsn_context"] == "335a7efd - 4480 - 00000001 - 80040546"
    assert (row["smtp_version"], row["received_from_mta"]) == ("6.0.3790.3959", "pc1")
    assert row["extra"]["return-path"] == "<>"


def test_the_view_tells_how_long_the_mail_waited(con: Connection, tmp_path: Path) -> None:
    for name in ("smtpsvc-delay", "smtpsvc-failure", "exchange55"):
        load(con, SAMPLES / "ndr" / f"{name}.eml")
    copy = tmp_path / "lf.eml"
    copy.write_bytes((SAMPLES / "ndr/smtpsvc-delay.eml").read_bytes().replace(b"\r\n", b"\n"))
    load(con, copy)
    bounces = con.execute(
        "SELECT host, recipient, action, round(dwell_h, 2), expired FROM bounce ORDER BY ALL"
    ).fetchall()
    assert bounces == [
        ("GW1", "bob@partner.example", "delayed", 12.03, False),
        ("GW1", "bob@partner.example", "failed", 48.0, True),
        ("MAIL5", "bob@partner.example", "failed", None, True),
        ("MAIL5", "eve@other.example", "failed", None, False),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#Software: Microsoft Internet Information Services 6.0\n#Fields: date time\n",
        "Date,From,To,Subject\n1,2,3,4\n",
        "Identity : HUB1\\17\nSubject  : Offer\nStatus   : Ready\n",
        "HTTP/1.1 200 OK\nDate: x\nContent-Type: text/html\nServer: IIS\n",
        "Date: today\nSubject: no more headers\n\nFinal-Recipient: rfc822;a@b.example\n",
        "From alice@corp.example\nwho wrote: hello\n",
        "Dear Sir,\nFrom: a\nTo: b\nSubject: c\nDate: d\n\n",
    ],
)
def test_what_is_no_mail_is_not_claimed(text: str) -> None:
    assert not any(format_.sniff(text.encode()) for format_ in MAILS)


def test_a_mail_about_reports_is_not_a_report() -> None:
    question = TEXT.replace("postmaster", "alice") + "What is #5.1.1, did not reach the following"
    assert not ndr.sniff(question.encode())
    assert mail.sniff(question.encode())


def test_a_report_that_names_nobody_is_one_row_and_a_note(con: Connection, tmp_path: Path) -> None:
    path = tmp_path / "empty.eml"
    path.write_text(report("Reporting-MTA: dns;gw1.corp.example\n"))
    source = load(con, path)
    assert (source.format, source.rows) == ("ndr", 1)
    assert "names no recipient" in (source.note or "")


def test_a_utf_16_copy_is_read(con: Connection, tmp_path: Path) -> None:
    path = tmp_path / "wide.eml"
    path.write_text(report(), encoding="utf-16")
    assert load(con, path).rows == 1
    assert con.execute("SELECT recipient FROM delivery_report").fetchall() == [
        ("bob@partner.example",)
    ]


def test_hostile_mails_are_read_in_time_that_follows_their_size() -> None:
    nested = "Content-Type: multipart/mixed; boundary=x\n\n--x\n"
    folded = "X: a\n" + " " * 7000 + "\n b\n"
    pieces = (
        nested,
        "Content-Type: message/rfc822\n\n",
        "--b?1\n",
        " \n",
        "a:b\n",
        "=?a?b?c?=",
        folded,
    )
    begun = time.process_time()
    rows(HEAD + folded * 100)
    for piece in pieces:
        rows(report(FIELDS + piece * (100_000 // len(piece))))
        rows(TEXT + piece * (100_000 // len(piece)))
    assert time.process_time() - begun < 10


def test_damage_to_a_mail_never_raises_and_never_loses_a_record(tmp_path: Path) -> None:
    rng = random.Random(7)  # noqa: S311
    originals = [path.read_bytes() for path in sorted(SAMPLES.glob("ndr/*.eml"))]
    originals += [path.read_bytes() for path in SAMPLES.glob("mbox/*")]
    path = tmp_path / "damaged"
    for _ in range(300):
        raw = damaged(rng, rng.choice(originals))
        claims = [format_ for format_ in MAILS if format_.sniff(raw[: 64 << 10])]
        assert len(claims) < 2
        path.write_bytes(raw)
        for format_ in claims or [ndr]:
            with format_.read(path, tmp_path / "scratch") as reading:
                records = {n for batch in reading.batches for n in batch.frame["record"]}
            assert len(records) == reading.records


def damaged(rng: random.Random, raw: bytes) -> bytes:
    """A mail after a few accidents: bits flipped, pieces cut, doubled, overwritten or put in."""
    bits = [
        b"\0",
        b"\n",
        b"\r",
        b"\n\n",
        b"=?utf-8?b?a?=",
        b"charset=idna",
        b"\xed\xa0\x80",
        b"&#0;",
    ]
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(raw) or 1)
        end = place + rng.choice([1, 9, 200])
        change = [
            bytes([rng.randrange(256)]),
            b"",
            raw[place:end] * 3,
            rng.choice(bits) + raw[place:end],
            rng.randbytes(end - place),
        ]
        raw = raw[:place] + rng.choice(change) + raw[end:]
    return raw
