"""What the tests of Exchange's CSV logs share: a store, lines as a file, and what came of them."""

from pathlib import Path
from typing import Any

from logpipe.formats import all_formats
from logpipe.formats._text.lines import utf8_head
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples" / "inputs"
CORPUS = ROOT.parent / "shared" / "corpus" / "mail"
TABLES = ("source", "reject", "smtp_event", "connection_event", "client_event", "log_row")


def load(con: Connection, path: Path) -> Source:
    """Load a file beside what is there; its books must balance."""
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.records == source.rows + source.duplicates + source.rejects, source.note
    return source


def load_lines(con: Connection, path: Path, *lines: str, encoding: str = "utf-8") -> Source:
    """Load lines as a file of this encoding, with the line ends of Windows."""
    path.write_bytes("".join(line + "\r\n" for line in lines).encode(encoding))
    return load(con, path)


def rows(con: Connection, table: str, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    """The rows of a table, in the order of their lines."""
    query = f"SELECT {columns} FROM {table} WHERE {where} ORDER BY source_id, record"
    return con.execute(query).fetchall()


def rejects(con: Connection) -> list[tuple[Any, ...]]:
    """Where and why a record was refused."""
    return con.execute("SELECT record, reason FROM reject ORDER BY record").fetchall()


def empty(con: Connection) -> Connection:
    """The store without what earlier tests put in."""
    for table in TABLES:
        con.execute(f"DELETE FROM {table}")
    return con


def claims(*lines: str) -> list[str]:
    """The formats that claim a file of these lines."""
    head = "".join(line + "\r\n" for line in lines).encode()
    return [f.name for f in all_formats() if f.sniff(head) or f.sniff(utf8_head(head))]
