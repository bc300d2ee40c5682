"""What the tests of the readers of exports share: a file in a store, and damage done to a file."""

import random
from pathlib import Path
from typing import Any

import pytest

from logpipe import ingest
from logpipe.ingest import ingest_file
from logpipe.model import Format, Source
from logpipe.offers import Offer
from logpipe.store import Connection, ask

SAMPLES = Path(__file__).parents[2] / "samples" / "inputs"
TABLES = ("source", "reject", "tracking_event", "windows_event", "queue_entry")
STRANGE = (
    b"\0", b"\r", b"\n\n", b'"', b"\xff", b"\x02", b"\x0c", b"\\", b"{", b"}", b"<Event ",
    b"</Event>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>&b;", b"x" * 1_300_000, b"---- ----\n",
    b"#TYPE x\n",
)  # fmt: skip


def empty(con: Connection) -> None:
    """Take out what earlier tests brought."""
    for table in TABLES:
        con.execute(f"DELETE FROM {table}")


def load(con: Connection, path: Path) -> Source:
    """Load a file; its books must balance, and every reject must stand in its table."""
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.records == source.rows + source.duplicates + source.rejects, source.note
    (found,) = ask(
        con, "SELECT count(*) AS n FROM reject WHERE source_id = $id", {"id": source.source_id}
    )
    assert source.status == "duplicate" or found["n"] == source.rejects
    return source


def load_text(con: Connection, folder: Path, text: str, encoding: str = "utf-8") -> Source:
    path = folder / "export.txt"
    path.write_bytes(text.encode(encoding))
    return load(con, path)


def rows(con: Connection, table: str, columns: str) -> list[tuple[Any, ...]]:
    return con.execute(f"SELECT {columns} FROM {table} ORDER BY ALL").fetchall()


def rejects(con: Connection) -> list[tuple[Any, ...]]:
    return con.execute("SELECT record, reason FROM reject ORDER BY record").fetchall()


def claims(path: Path) -> list[str]:
    with path.open("rb") as file:
        return [format_.name for format_ in ingest.identify(file.read(ingest.HEAD))]


def damaged(content: bytes, dice: random.Random) -> bytes:
    """Cut, flip, insert, repeat or recode a few places."""
    data = bytearray(content)
    for _ in range(dice.choice((1, 2, 5))):
        place = dice.randrange(len(data) + 1)
        match dice.randrange(6):
            case 0:
                del data[place:]
            case 1:
                data[place : place + 1] = bytes([dice.randrange(256)])
            case 2:
                data[place:place] = dice.choice(STRANGE)
            case 3:
                del data[place : place + dice.randrange(60)]
            case 4:
                data[place:place] = content[-dice.randrange(1, 400) :]
            case _:
                data = data.replace(b"\r\n", dice.choice((b"\n", b"\r", b"\r\r\n")))
    return bytes(data)


def survives(
    con: Connection, folder: Path, form: Format, rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Load damaged samples, claimed or not: no error, and books that balance."""
    monkeypatch.setattr(ingest, "identify", lambda _: [form])
    dice = random.Random(form.name)  # noqa: S311 - the same damage in every run
    samples = sorted((SAMPLES / form.name).iterdir())
    for number in range(rounds):
        path = folder / f"damaged{number}"
        path.write_bytes(damaged(samples[number % len(samples)].read_bytes(), dice))
        empty(con)
        form.sniff(path.read_bytes()[: ingest.HEAD])
        load(con, path)
        path.unlink()
