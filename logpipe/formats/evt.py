"""Windows NT to Server 2003 event logs (``SysEvent.Evt``, ``AppEvent.Evt``, ``SecEvent.Evt``).

A record holds no message text, only the strings to be put into it; times are UTC, to the second.
"""

import json
import re
import struct
from array import array
from codecs import utf_16_le_decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import polars as pl

from logpipe.errors import UnreadableError
from logpipe.formats._event_log.evt_survey import survey
from logpipe.formats._event_log.evt_walk import (
    FIXED,
    LARGEST,
    RING,
    SIGNATURE,
    SMALLEST,
    Buffer,
    Found,
    piece,
)
from logpipe.formats._event_log.image import image, release
from logpipe.model import Format, Frame, Reading

CHUNK_RECORDS = 25_000
CHUNK_BYTES = 32_000_000
# the fixed part as 14 dwords; two of them hold two numbers of 16 bits each
FIELDS = [
    *("length", "signature", "record", "generated", "written", "full_id", "type_and_count"),
    *("task_and_flags", "closing", "text_from", "sid_size", "sid_from"),
    *("data_size", "data_from"),
]
UNUSED = ("length", "signature")
FIXED_PART = pl.Array(pl.UInt32, len(FIELDS))
COLUMNS = [
    *("record", "ts", "computer", "provider", "event_id", "qualifiers", "level", "task"),
    *("user_sid", "strings", "binary_hex", "decoded", "recovered", "data"),
]
LEVEL_OF_TYPE = {0: 0, 1: 2, 2: 3, 4: 4, 8: 0, 16: 0}  # success, error, warning, info, audits
YEAR_1990, YEAR_2100 = 631_152_000, 4_102_444_799
STOP_EVENT = 6008
SYSTEMTIME = struct.Struct("<8H")
SID_HEAD = 8
RECORD_START = re.compile(rb"[\0-\xff]{2}[\0-\x04]\0LfLe")


def sniff(head: bytes) -> bool:
    """Return whether the file starts with an event-log header, or holds one of its records."""
    if head[:8] == RING.to_bytes(4, "little") + SIGNATURE:
        return True
    for match in RECORD_START.finditer(head) if SIGNATURE in head else ():
        at, size = match.start(), int.from_bytes(head[match.start() : match.start() + 4], "little")
        if at % 4 == 0 and SMALLEST <= size <= LARGEST and size % 4 == 0:
            tail = head[at + size - 4 : at + size]
            if tail == head[at : at + 4][: len(tail)]:
                return True
    return False


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:  # noqa: ARG001
    """Find the records of one log, then decode them as they are asked for."""
    if path.stat().st_size == 0:
        raise UnreadableError("the file is empty")
    with image(path) as buf:
        found = survey(buf)
        log, remains = found.log, found.remains
        if not (log.offsets or remains.offsets or sniff(buf[:RING])):
            raise UnreadableError("neither an event-log header nor an event record in it")
        yield Reading(
            load="evt",
            records=len(log.offsets) + len(log.damaged),
            batches=_batches(buf, log, remains, found.stop),
            notes=found.notes,
            late_rejects=[
                (i + d.before + 1, d.reason, buf[d.offset : d.offset + 100].hex())
                for i, d in enumerate(log.damaged)
            ],
        )


def _batches(buf: Buffer, log: Found, remains: Found, stop: int) -> Iterator[Frame]:
    """Yield the log proper, then the remains, in frames of bounded size."""
    if remains.numbers:
        again = set(remains.numbers).intersection(log.numbers)
        for i, number in enumerate(remains.numbers):
            if number in again:
                note = "the log proper has this record number too"
                remains.notes[i] = "; ".join(filter(None, [remains.notes.get(i), note]))
    for found, recovered in ((log, False), (remains, True)):
        for low, high in _chunks(found.lengths):
            spans = zip(found.offsets[low:high], found.lengths[low:high], strict=True)
            raws = [
                buf[at : at + length] if at + length <= stop else piece(buf, at, length, stop)
                for at, length in spans
            ]
            noted = range(low, min(high, len(found.offsets))) if found.notes else ()
            notes = {i - low: found.notes[i] for i in noted if i in found.notes}
            release(buf)
            yield Frame(decode(raws, notes, recovered=recovered))


def _chunks(lengths: "array[int]") -> Iterator[tuple[int, int]]:
    """Yield index ranges of neither too many records nor too many bytes."""
    low = 0
    while low < len(lengths):
        size = CHUNK_RECORDS
        while size > 1 and sum(lengths[low : low + size]) > CHUNK_BYTES:
            size //= 2
        yield low, low + size
        low += size


def decode(raws: list[bytes], notes: dict[int, str], *, recovered: bool) -> pl.DataFrame:
    """Return one row per record; a part that leaves its record is dropped and noted."""
    frame = _fixed_parts(raws)
    bounds = zip(raws, frame["text_from"].to_list(), frame["text_to"].to_list(), strict=True)
    sids, data = _parts(frame, raws, "sid"), _parts(frame, raws, "data")
    texts = [utf_16_le_decode(raw[a:b], "replace")[0] for raw, a, b in bounds]
    frame = pl.concat([frame, _names(frame, raws)], how="horizontal").with_columns(
        pl.Series("pieces", texts, dtype=pl.String).str.split("\0"),
        _sparse("user_sid", {i: _sid_text(sid) for i, sid in sids.items()}, len(raws)),
        _sparse("binary_hex", {i: part.hex().upper() for i, part in data.items()}, len(raws)),
        _sparse("walk_note", notes, len(raws)),
        recovered=pl.lit(recovered),
    )
    stopped = (pl.col("event_id") == STOP_EVENT) & (
        pl.col("provider").str.to_lowercase() == "eventlog"
    )
    # each string ends with a NUL: what is behind the last NUL is padding, or a string cut off
    pieces = pl.col("pieces")
    present = pieces.list.len() - (pieces.list.last() == "").cast(pl.UInt32)
    return (
        frame.with_columns(present=present)
        .with_columns(
            strings=pieces.list.head(pl.min_horizontal("string_count", "present")),
            surplus=pieces.list.slice(pl.col("string_count")).list.eval(
                pl.element().filter(pl.element() != "")
            ),
            decoded=pl.when(stopped)
            .then("binary_hex")
            .map_elements(_stop_time, return_dtype=pl.String),
        )
        .with_columns(data=_rest())
        .select(*COLUMNS, note=_note())
    )


def _rest() -> pl.Expr:
    """Return what no column takes, as JSON; null for nearly every record."""
    flags = pl.col("task_and_flags") // 65536
    late = pl.col("written") != pl.col("generated")
    parts = [
        pl.when(late).then(
            pl.format(
                '"TimeWritten":"{}"', pl.from_epoch("written").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
            )
        ),
        pl.when(pl.col("closing") != 0).then(pl.format('"ClosingRecordNumber":{}', "closing")),
        pl.when(flags != 0).then(pl.format('"ReservedFlags":{}', flags)),
        # both kinds of audit have level 0
        pl.when(pl.col("type").is_in([8, 16])).then(pl.format('"EventType":{}', "type")),
        pl.when((pl.col("string_count") > 0) & (pl.col("surplus").list.len() > 0)).then(
            pl.format(
                '"SurplusStrings":{}',
                pl.col("surplus").map_elements(_json_list, return_dtype=pl.String),
            )
        ),
    ]
    joined = pl.concat_str(parts, separator=",", ignore_nulls=True)
    return pl.when(joined != "").then(pl.concat_str([pl.lit("{"), joined, pl.lit("}")]))


def _json_list(texts: pl.Series) -> str:
    return json.dumps(texts.to_list(), ensure_ascii=False)


def _fixed_parts(raws: list[bytes]) -> pl.DataFrame:
    """Return the numbers of the fixed parts, and where in its record each part begins and ends.

    A part that is absent, or that would leave its record, has no length; ``<part>_lost`` tells.
    """
    heads = pl.Series("heads", [raw[:FIXED] for raw in raws], dtype=pl.Binary)
    fixed = heads.bin.reinterpret(dtype=FIXED_PART, endianness="little").arr.to_struct(FIELDS)
    frame = fixed.struct.unnest().drop(UNUSED).cast(pl.Int64)
    end = pl.col("end")
    has_text, has_sid, has_data = (
        pl.col(name) > 0 for name in ("string_count", "sid_size", "data_size")
    )
    text_in = pl.col("text_from").is_between(FIXED, end)
    sid_in = pl.col("sid_from").is_between(FIXED, end - pl.col("sid_size"))
    data_in = pl.col("data_from").is_between(FIXED, end - pl.col("data_size"))
    data_follows = has_data & data_in & (pl.col("data_from") >= pl.col("text_from"))
    return frame.with_columns(
        pl.Series("end", list(map(len, raws)), dtype=pl.Int64) - 4,
        pl.col("record").cast(pl.UInt64),
        ts=pl.from_epoch("generated", time_unit="s"),
        event_id=(pl.col("full_id") % 65536).cast(pl.Int32),
        qualifiers=(pl.col("full_id") // 65536).cast(pl.Int32),
        type=pl.col("type_and_count") % 65536,
        string_count=pl.col("type_and_count") // 65536,
        task=(pl.col("task_and_flags") % 65536).cast(pl.Int32),
    ).with_columns(
        level=pl.col("type").replace_strict(LEVEL_OF_TYPE, default=None, return_dtype=pl.UInt8),
        text_lost=has_text & ~text_in,
        sid_lost=has_sid & ~sid_in,
        data_lost=has_data & ~data_in,
        names_to=pl.min_horizontal(
            end,
            pl.when(text_in).then("text_from"),
            pl.when(has_sid & sid_in).then("sid_from"),
            pl.when(has_data & data_in).then("data_from"),
        ),
        text_to=pl.when(~(has_text & text_in))
        .then("text_from")
        .when(data_follows)
        .then("data_from")
        .otherwise(end),
        sid_to=pl.when(has_sid & sid_in).then(pl.col("sid_from") + pl.col("sid_size")),
        data_to=pl.when(has_data & data_in).then(pl.col("data_from") + pl.col("data_size")),
    )


def _names(frame: pl.DataFrame, raws: list[bytes]) -> pl.DataFrame:
    """Return source and computer of every record, each distinct pair decoded once."""
    place: dict[bytes, int] = {}
    ends = frame["names_to"].to_list()
    places = [
        place.setdefault(raw[FIXED:end], len(place)) for raw, end in zip(raws, ends, strict=True)
    ]
    known = pl.DataFrame(
        [_split_names(name) for name in place],
        schema=dict.fromkeys(("provider", "computer", "names_note"), pl.String),
        orient="row",
    )
    return known[pl.Series(places, dtype=pl.UInt32)]


def _parts(frame: pl.DataFrame, raws: list[bytes], part: str) -> dict[int, bytes]:
    """Return one part of those records that have it, by place in the frame."""
    rows = frame[f"{part}_to"].is_not_null().arg_true()
    starts, stops = frame[f"{part}_from"][rows].to_list(), frame[f"{part}_to"][rows].to_list()
    bounds = zip(rows.to_list(), starts, stops, strict=True)
    return {i: raws[i][start:stop] for i, start, stop in bounds}


def _sparse(name: str, values: Mapping[int, str | None], height: int) -> pl.Series:
    """Return a text column that is null but for some rows."""
    column: list[str | None] = [None] * height
    for i, value in values.items():
        column[i] = value
    return pl.Series(name, column, dtype=pl.String)


def _split_names(names: bytes) -> tuple[str | None, str | None, str | None]:
    """Return source name, computer name and what is wrong with them."""
    source, *more = names.decode("utf-16-le", "replace").split("\0", 2)
    computer = more[0] if more else ""
    whole = source and len(more) == 2  # noqa: PLR2004
    return source or None, computer or None, None if whole else "source or computer name cut"


@lru_cache(4096)
def _sid_text(sid: bytes) -> str | None:
    """Return a SID as S-1-5-18, or None where its bytes make none."""
    if len(sid) < SID_HEAD or sid[0] != 1 or len(sid) < SID_HEAD + 4 * sid[1]:
        return None
    parts = struct.unpack_from(f"<{sid[1]}I", sid, SID_HEAD)
    return "-".join(["S-1", str(int.from_bytes(sid[2:SID_HEAD], "big")), *map(str, parts)])


def _stop_time(binary_hex: str) -> str | None:
    """Return when the system went down by its 6008: the second of two SYSTEMTIMEs is UTC."""
    data = bytes.fromhex(binary_hex)
    if len(data) < 2 * SYSTEMTIME.size:
        return None
    year, month, _, day, hour, minute, second, _ = SYSTEMTIME.unpack_from(data, SYSTEMTIME.size)
    try:
        utc = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return utc.strftime("%Y-%m-%dT%H:%M:%SZ")


def _note() -> pl.Expr:
    """Return all that is wrong with a record, or null."""
    col = pl.col
    missing = pl.format("{} of {} strings present", "present", "string_count")
    notes = pl.concat_str(
        "walk_note",
        "names_note",
        pl.when("text_lost").then(pl.lit("strings lie outside the record")),
        pl.when(~col("text_lost") & (col("present") < col("string_count"))).then(missing),
        pl.when("sid_lost").then(pl.lit("SID lies outside the record")),
        pl.when((col("sid_size") > 0) & ~col("sid_lost") & col("user_sid").is_null()).then(
            pl.lit("SID malformed")
        ),
        pl.when("data_lost").then(pl.lit("data lie outside the record")),
        pl.when(~col("generated").is_between(YEAR_1990, YEAR_2100)).then(
            pl.lit("time is outside 1990 to 2100")
        ),
        pl.when(col("level").is_null()).then(pl.format("unknown event type {}", "type")),
        separator="; ",
        ignore_nulls=True,
    )
    return pl.when(notes != "").then(notes)


FORMAT = Format(
    "evt",
    "Windows event log (NT to Server 2003)",
    table="windows_event",
    generation="Windows NT to Server 2003",
    sniff=sniff,
    read=read,
    binary=True,
    growth="none",
)
