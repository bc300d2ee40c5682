"""What text logs share: line counts, cleaned copies, and damage of every kind through the store."""

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from logpipe.formats._text import lines as lines_of
from logpipe.formats._text.lines import (
    MOST_FIELDS,
    Text,
    line_ends_at,
    survey,
    unique_names,
    whole_lines,
)
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection, ask, open_store

ROUNDS = {"tracking 2007": 3}  # of one kind of damage; its load is the slowest to plan
Damage = Callable[[bytes, random.Random], bytes]


def surveyed(folder: Path, content: bytes) -> Text:
    path = folder / "x.log"
    path.write_bytes(content)
    (folder / "scratch").mkdir(exist_ok=True)
    return survey(path, folder / "scratch")


def texts(text: Text) -> list[str]:
    return text.path.read_text("utf-8").split("\n")


LINES = {
    "empty": (b"", 0, 0),
    "one line": (b"a", 1, 1),
    "one line with its end": (b"a\n", 1, 1),
    "blank lines": (b"\n\r\n\na\n\n\r\nb\n\n", 8, 2),
    "only blank lines": (b"\r\n\r\n", 2, 0),
    "headers": (b"#a\n#b\n\nx\n#c\ny", 6, 2),
    "byte-order mark": (b"\xef\xbb\xbf#a\r\nx\r\n", 2, 1),
    "byte-order mark and blank": (b"\xef\xbb\xbf\r\nx\r\n", 2, 1),
    "spaces are data": (b"  \n\t\n", 2, 2),
    "NUL": (b"#a\nx\0y\nz\n", 3, 2),
    "ANSI": (b"#a\n\xe4\n\nz\n", 4, 2),
    "UTF-16": ("\ufeff#a\r\n\r\nx".encode("utf-16-le"), 3, 1),
    "UTF-16 without mark": ("#aaaa\nxxxx\n".encode("utf-16-le"), 2, 1),
    "UTF-16 big-endian": ("\ufeff#a\nx\n".encode("utf-16-be"), 2, 1),
    "old Macintosh": (b"#a\rx\r\ry\r", 4, 2),
    "old Macintosh, ANSI": (b"#a\rx\xe4\r\ry", 4, 2),
    "old Macintosh, NUL": (b"#a\rx\0\ry\r", 3, 2),
    "old Macintosh, UTF-16": ("\ufeff#a\rx\ry\r".encode("utf-16-le"), 3, 2),
    "marks inside": (b"\xef\xbb\xbf#a\nx\n\xef\xbb\xbf#a\ny\n", 4, 2),
    "cut in a character": (b"#a\nx\xc3", 2, 1),
    "cut in a line end": (b"#a\r\nx\r", 2, 1),
}


@pytest.mark.parametrize("kind", LINES)
@pytest.mark.parametrize("chunk", [8 << 20, 3])
def test_lines_blanks_and_headers_are_counted(
    chunk: int, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_of, "CHUNK", chunk)
    content, lines, records = LINES[kind]
    text = surveyed(tmp_path, content)
    if chunk == 3 and kind in {"byte-order mark and blank", "marks inside"}:
        pytest.skip("a mark alone in its chunk, or cut by it, tells nothing about chunks of 8 MiB")
    assert (text.lines, text.records) == (lines, records)


def test_a_clean_file_is_read_in_place_and_no_other(tmp_path: Path) -> None:
    clean = surveyed(tmp_path, "\ufeff#a\r\nü 漢\r\n".encode())
    assert (clean.path, clean.notes) == (tmp_path / "x.log", [])
    copied = surveyed(tmp_path, b"#a\r\n\xfc\r\n")
    assert copied.path != tmp_path / "x.log"
    assert copied.notes == ["not UTF-8: read through a cleaned copy, line numbers unchanged"]


def test_a_cleaned_copy_keeps_every_line_in_its_place(tmp_path: Path) -> None:
    giant = b"g" * 3_000_000
    content = b"\xef\xbb\xbf#a\r\n\r\n\xfcber\r\n" + giant + b"\n\xc3\xbc\nn\0l\na\rb\n\x02x\n"
    lines = texts(surveyed(tmp_path, content))
    assert lines[:3] == ["#a", "", "über"]
    assert lines[3].startswith("\x02line over 1 MiB\x02ggg")
    assert len(lines[3]) < 300
    assert lines[4:] == ["ü", "\x02NUL bytes\x02n\u2400l", "a\u240db", "\u2402x", ""]


def test_no_line_of_a_copy_is_longer_than_duckdb_reads(tmp_path: Path) -> None:
    wide = ("\ufeff#a\n" + "漢" * 900_000 + "\nx\n").encode("utf-16-le")
    text = surveyed(tmp_path, wide)
    assert max(len(line.encode()) for line in texts(text)) < 2_000_000
    assert text.lines == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_where_a_shorter_copy_ended_is_found_again(end: str, encoding: str, tmp_path: Path) -> None:
    lines = ["#head", "erste ü", "zweite", "dritte"]
    mark = "" if encoding == "utf-8" else "\ufeff"
    path = tmp_path / "x.log"
    path.write_bytes((mark + end.join(lines) + end).encode(encoding))
    shorter = (mark + end.join(lines[:3])).encode(encoding)
    assert whole_lines(path, len(shorter)) == (2, True)
    assert line_ends_at(path, len(shorter))
    ended = (mark + end.join(lines[:3]) + end).encode(encoding)
    assert whole_lines(path, len(ended)) == (3, False)
    half = (mark + end.join(lines[:3])[:-2]).encode(encoding)
    assert whole_lines(path, len(half)) == (2, True)
    assert not line_ends_at(path, len(half))


def test_names_are_unique_and_never_those_of_surplus_values() -> None:
    assert unique_names(["a", "b", "a", "+1", "", ""]) == [
        "a", "b", "a (field 3)", "+1 (field 4)", "", " (field 6)",
    ]  # fmt: skip
    assert len(set(unique_names(["x"] * 200_000))) == MOST_FIELDS


# Damage, through the whole way into the store

W3C = (
    "#Software: Microsoft Internet Information Services 6.0\r\n#Version: 1.0\r\n"
    "#Date: 2007-09-03 05:00:15\r\n"
    "#Fields: date time c-ip cs-username s-sitename s-computername cs-method cs-uri-query "
    "sc-status cs-bytes \r\n"
)
W3C_NO_DATE = (
    "#Software: Microsoft Internet Information Services 5.0\r\n#Date: 2007-09-03 05:00:15\r\n"
    "#Fields: time c-ip cs-method cs-uri-stem sc-status\r\n"
)
T2003 = (
    "# Message Tracking Log File\r\n# Exchange System Attendant Version 6.5.7638.1\r\n"
    "# Date\tTime\tclient-ip\tClient-hostname\tPartner-Name\tServer-hostname\tserver-IP\t"
    "Recipient-Address\tEvent-ID\tMSGID\tMessage-Subject\r\n"
)
T2007 = (
    "#Software: Microsoft Exchange Server\r\n#Version: 15.01.2375.007\r\n"
    "#Log-type: Message Tracking Log\r\n"
    "#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source,event-id,"
    "recipient-address,recipient-status,message-subject\r\n"
)


def log(kind: str, rows: int = 30) -> bytes:
    """A small log of one kind, with headers and blank lines in it."""
    head, make = KINDS[kind]
    lines = [make(n) + "\r\n" for n in range(rows)]
    middle = rows // 2
    return (head + "".join(lines[:middle]) + "\r\n" + head + "".join(lines[middle:])).encode()


KINDS: dict[str, tuple[str, Callable[[int], str]]] = {
    "w3c": (
        W3C,
        lambda n: f"2007-09-03 05:01:{n:02} 192.0.2.10 pc1 SMTPSVC1 GW1 RCPT +TO:<b{n}@x.ex> 250 9",
    ),
    "w3c without date": (W3C_NO_DATE, lambda n: f"05:01:{n:02} 192.0.2.10 MAIL - 250"),
    "tracking 2003": (
        T2003,
        lambda n: f"2007-9-3\t0:1:{n} GMT\t-\tPC\t-\tMAIL01\t-\tb@x.ex\t1019\t{n}@x\tfür {n}",
    ),
    "tracking 2007": (
        T2007,
        lambda n: (
            f"2009-02-03T00:10:{n:02}.1Z,,,,HUB1,SMTP,SEND,a@x.ex;b@x.ex,250 2.1.5 OK;To,"
            f'"subject, ""{n}"" für"'
        ),
    ),
}


def cut(content: bytes, rng: random.Random) -> bytes:
    start, end = sorted(rng.randrange(len(content)) for _ in range(2))
    return rng.choice([content[:end], content[start:], content[:start] + content[end:]])


def flip(content: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(rng.choice([1, 5, 60])):
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def insert(content: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice([1, 4])):
        at = rng.randrange(len(content))
        what = rng.choice(
            [b"\0", bytes(600), b'"', b"\x02", b"\x01", b"\x1e\x1f", b"#", b";;", b",,"]
        )
        content = content[:at] + what + content[at:]
    return content


def line_ends(content: bytes, rng: random.Random) -> bytes:
    ends = [b"\r", b"\n", b"\r\n", b"\n\r", b"\r\r\n"]
    if rng.random() < 0.5:
        return content.replace(b"\r\n", rng.choice(ends))
    return re.sub(rb"\r\n", lambda _: rng.choice(ends), content)


def encode(content: bytes, rng: random.Random) -> bytes:
    text = content.decode()
    if rng.random() < 0.2:
        return content + text.encode("utf-16-le")
    kinds = [
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-8-sig",
        "cp1252",
        "latin-1",
        "utf-32",
        "utf-7",
    ]
    return text.encode(rng.choice(kinds))


def headers(content: bytes, rng: random.Random) -> bytes:
    lines: list[bytes] = []
    for line in content.splitlines(keepends=True):
        lines += [line] * (rng.choice([0, 1, 1, 2]) if line.startswith(b"#") else 1)
    if rng.random() < 0.3:
        rng.shuffle(lines)
    return b"".join(lines)


def append(content: bytes, rng: random.Random) -> bytes:
    return content + rng.randbytes(rng.choice([1, 40, 3000]))


DAMAGES: list[Damage] = [cut, flip, insert, line_ends, encode, headers, append]


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("text") / "x.duckdb") as opened:
        yield opened


def load(con: Connection, folder: Path, content: bytes) -> Source:
    """Load a file into an emptied store; the books balance, and the number of lines is ours."""
    for table in ("source", "reject", "header_block", "smtp_event", "tracking_event"):
        con.execute(f"DELETE FROM {table}")
    path = folder / "x.log"
    path.write_bytes(content)
    source = ingest_file(con, Offer(path, len(content)), 1)
    assert source.records == source.rows + source.duplicates + source.rejects, source
    assert source.rejects == ask(con, "SELECT count(*) AS n FROM reject")[0]["n"]
    assert source.status in {"loaded", "partial", "unknown"}, source
    return source


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_breaks_the_books(
    kind: str, damage: Damage, con: Connection, tmp_path: Path
) -> None:
    rng = random.Random(f"{kind} {damage.__name__}")  # noqa: S311 - damage wants a seed
    for _ in range(ROUNDS.get(kind, 6)):
        load(con, tmp_path, damage(log(kind), rng))


@pytest.mark.parametrize("kind", KINDS)
def test_two_kinds_of_damage_at_once_break_no_books_either(
    kind: str, con: Connection, tmp_path: Path
) -> None:
    rng = random.Random(kind)  # noqa: S311 - damage wants a seed
    for _ in range(ROUNDS.get(kind, 6)):
        content = log(kind)
        for damage in rng.sample([cut, flip, insert, line_ends, append], 2):
            content = damage(content, rng)
        load(con, tmp_path, content)


@pytest.mark.parametrize("kind", KINDS)
def test_a_giant_line_costs_itself_alone(kind: str, con: Connection, tmp_path: Path) -> None:
    whole = load(con, tmp_path, log(kind))
    assert (whole.status, whole.records) == ("loaded", 30)
    at = log(kind).index(b"\r\n\r\n") + 2
    giant = b"9" * 3_000_000
    source = load(con, tmp_path, log(kind)[:at] + giant + log(kind)[at:])
    assert (source.records, source.rows, source.rejects) == (31, 30, 1)
    assert [row["reason"] for row in ask(con, "FROM reject")] == ["line over 1 MiB"]
    assert len(ask(con, "FROM reject")[0]["excerpt"]) == 200
    header = at + 3  # in the block in mid-file, after its first #
    source = load(con, tmp_path, log(kind)[:header] + giant + log(kind)[header:])
    assert (source.records, source.rows, source.rejects) == (31, 30, 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("copy", ["LF", "CR", "BOM", "UTF-16", "no last line end", "two marks"])
def test_a_copy_gives_the_same_rows_on_the_same_lines(
    copy: str, kind: str, con: Connection, tmp_path: Path
) -> None:
    content = log(kind)
    load(con, tmp_path, content)
    table = "smtp_event" if "w3c" in kind else "tracking_event"
    expected = con.execute(f"SELECT * EXCLUDE (source_id) FROM {table} ORDER BY ALL").fetchall()
    copies = {
        "LF": content.replace(b"\r", b""),
        "CR": content.replace(b"\n", b""),
        "BOM": b"\xef\xbb\xbf" + content,
        "UTF-16": ("\ufeff" + content.decode()).encode("utf-16-le"),
        "no last line end": content.removesuffix(b"\r\n"),
        "two marks": b"\xef\xbb\xbf" + content.replace(b"\r\n\r\n", b"\r\n\r\n\xef\xbb\xbf"),
    }
    source = load(con, tmp_path, copies[copy])
    assert (source.status, source.records) == ("loaded", 30)
    assert (
        con.execute(f"SELECT * EXCLUDE (source_id) FROM {table} ORDER BY ALL").fetchall()
        == expected
    )
