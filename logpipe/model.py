"""The shapes that cross module borders, and nothing else."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # half a second that --help and query can do without
    import polars as pl


@dataclass(frozen=True, slots=True)
class Lines:
    """A text log that DuckDB may read line by line: UTF-8, one record never spans lines.

    ``segments`` has one row per header block, with at least ``first_line`` and ``last_line``
    (physical lines, from 1, the data lines the block governs) and ``fields`` (list of names).
    """

    path: Path
    segments: "pl.DataFrame"


@dataclass(frozen=True, slots=True)
class Columns:
    """A plain text log that DuckDB may read in columns, as long as every line has these fields.

    ``known`` are the fields that the load SQL names, ``kept`` those of them that go to ``extra``
    all the same; ``null`` is a value that means none beside the empty one, ``headers`` are the
    lines that are no data, ``segments`` as in Lines. ``types`` are of fields that are no text: a
    value that does not fit costs the row. Where rows are missing afterwards, the file is read again
    as Lines.
    """

    path: Path
    segments: "pl.DataFrame"
    names: tuple[str, ...]
    known: tuple[str, ...]
    headers: tuple[int, ...]
    delimiter: str
    quote: str = ""
    null: str = ""
    kept: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ndjson:
    """A file of one JSON object per line, in the shape that the load SQL names."""

    path: Path


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows already in columns, as the load SQL names them."""

    frame: "pl.DataFrame"


Batch = Lines | Columns | Ndjson | Frame
Growth = Literal["lines", "records", "none"]
# tables whose rows come from lines of text
LINED = {
    "tracking_event", "smtp_event", "connection_event", "client_event", "counter_sample", "log_row",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader knows of one file before its rows are loaded.

    ``records`` is counted independently of the decoding: data lines, or record signatures.
    ``batches`` are loaded one after another by ``sql/load/<load>.sql``; ``late_rejects`` are
    records that could not even be handed on (record, reason, excerpt); the iterator of batches may
    still add to them, and to ``late_notes``, while it runs. A note that begins with ``lost`` makes
    the source partial. Where ``zone`` is not UTC, rows with a ``local_ts`` get their ``ts`` from
    it: at once where the file tells the zone, else when that of the host is known.
    """

    load: str
    records: int
    batches: Iterator[Batch]
    generation: str | None = None
    host: str | None = None
    host_known_by: str | None = None
    zone: str | None = "UTC"
    zone_known_by: str | None = "format"
    notes: tuple[str, ...] = ()
    late_rejects: list[tuple[int, str, str]] = field(default_factory=list)
    late_notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Format:
    """A log format: its name, its table, how to recognise it, how to read it.

    ``sniff`` sees the first 64 KiB, decoded by nobody; its docstring says what it looks for, as
    ``Return whether …``: identify prints that. ``read`` is a context manager because a reader may
    keep a cleaned copy or a decoded one in the scratch folder it is given. ``growth`` says how a
    file that is written to goes on: by ``lines``, by ``records`` of several lines, the last of
    which may go on, or not at all (``none``: a document, or a ring of numbered records).
    ``quick`` reads a plain file in Columns, or returns None where it is not plain.
    """

    name: str
    title: str
    table: str
    sniff: Callable[[bytes], bool]
    read: Callable[[Path, Path], AbstractContextManager[Reading]]
    generation: str | None = None  # what of the product's generation the format itself tells
    growth: Growth = "lines"
    quick: Callable[[Path], Reading | None] | None = None
    binary: bool = False  # no text: its records are no lines, whatever its table is

    @property
    def lined(self) -> bool:
        """Whether the ``record`` of a row is the number of a line of text."""
        return self.table in LINED and not self.binary


@dataclass(frozen=True, slots=True)
class Rule:
    """One ``.sql`` file under ``sql/rules``: the header's facts and the query below it."""

    id: str
    title: str
    severity: str
    summary: str
    needs: tuple[str, ...]
    why: str
    todo: str
    references: tuple[str, ...]
    params: dict[str, int | float | str]
    sql: str


@dataclass(frozen=True, slots=True)
class Source:
    """One row of table source."""

    source_id: int
    path: str
    run_id: int
    sha256: str | None = None
    bytes: int | None = None
    format: str | None = None
    generation: str | None = None
    generation_known_by: str | None = None
    host: str | None = None
    host_known_by: str | None = None
    zone: str | None = None
    zone_known_by: str | None = None
    first_ts: object = None
    last_ts: object = None
    records: int = 0
    rows: int = 0
    duplicates: int = 0
    rejects: int = 0
    recovered: int = 0
    status: str = "loaded"
    note: str | None = None
