"""What the tests of the inventory readers share: a file in a store, and damage done to a file."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logpipe import ingest
from logpipe.formats import all_formats
from logpipe.formats._text.lines import utf8_head
from logpipe.ingest import ingest_file
from logpipe.model import Format, Source
from logpipe.offers import Offer
from logpipe.store import Connection, ask

SAMPLES = Path(__file__).parents[2] / "samples" / "inputs"
STRANGE = (
    b"\0",
    b"\r",
    b"\n",
    b"\r\n",
    b'"',
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x02",
    b"\\",
    b"[",
    b"<",
    b",",
)
GIANT = 3 << 19  # bytes: longer than a line may be


def load(con: Connection, path: Path) -> Source:
    """Load a file into an emptied store; its books must balance."""
    for table in ("source", "reject", "queue_entry", "file_version", "registry_value"):
        con.execute(f"DELETE FROM {table}")
    for table in ("host_setting", "host_fact"):
        con.execute(f"DELETE FROM {table}")
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.records == source.rows + source.duplicates + source.rejects, source.note
    assert "do not balance" not in (source.note or "")
    return source


def load_text(con: Connection, path: Path, text: str, encoding: str = "utf-8") -> Source:
    """Load lines as a file of this encoding."""
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    return load(con, path)


def rows(con: Connection, table: str, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    found = con.execute(f"SELECT {columns} FROM {table} WHERE {where} ORDER BY record, rowid")
    return found.fetchall()


def rejects(con: Connection) -> list[tuple[Any, ...]]:
    return con.execute("SELECT record, reason FROM reject ORDER BY record").fetchall()


def claims(raw: bytes) -> list[str]:
    """The formats that claim a file's first bytes."""
    head, text = raw[: 64 << 10], utf8_head(raw[: 64 << 10])
    return [f.name for f in all_formats() if f.sniff(head) or f.sniff(text)]


def damaged(raw: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield copies of a file that are cut, flipped, filled, mixed up or in another encoding."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable test
    for number in range(count):
        data = bytearray(raw)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data) + 1)
            _harm(data, at, chance)
        if number % 50 == 0:
            data[len(data) // 2 : len(data) // 2] = b"x " * (GIANT // 2)
        if number % 17 == 0:
            data = bytearray(data.decode("latin-1").encode("utf-16"))
        yield bytes(data) or b"\n"


def _harm(data: bytearray, at: int, chance: random.Random) -> None:
    """Do one kind of damage at a place."""
    match chance.randrange(7):
        case 0:
            del data[at : at + chance.randint(1, 40)]
        case 1:
            data[at:at] = chance.choice(STRANGE) * chance.randint(1, 3)
        case 2 if at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        case 3:
            data[at:at] = data[: chance.randint(0, 200)]
        case 4:
            del data[at:]
        case 5:
            data[at:at] = bytes(chance.randrange(256) for _ in range(8))
        case _:
            data[:] = data.replace(b"\n", b"", 1)


def survives(
    con: Connection, format_: Format, folder: Path, monkeypatch: pytest.MonkeyPatch, count: int = 60
) -> None:
    """Read so many damaged copies of its samples by this format, whether it claims them or not."""
    monkeypatch.setattr(ingest, "identify", lambda _: [format_])
    paths = sorted((SAMPLES / format_.name).iterdir())
    assert paths
    for seed, path in enumerate(paths):
        for data in damaged(path.read_bytes(), count // len(paths), seed):
            format_.sniff(data[: 64 << 10])
            format_.sniff(utf8_head(data[: 64 << 10]))
            copy = folder / "damaged"
            copy.write_bytes(data)
            source = load(con, copy)
            assert source.status in ("loaded", "partial", "failed"), source.note
            told = ask(con, "SELECT count(*) AS n FROM reject")[0]["n"]
            assert told == source.rejects
