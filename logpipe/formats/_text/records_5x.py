"""Records of Exchange 4.0 to 5.5 tracking, decoded block by block: a record line, then recipients.

A record line begins a group; everything down to the next one is recipient material: an item that is
exactly ``0`` or ``1`` is the report status of the recipient before it, any other is a recipient.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from logpipe.formats._text.lines import EXCERPT, SPOILED

BLOCK = 4 << 20  # bytes of text decoded at once; columns take about ten times as much
LONGEST_RECORD = 64 << 20  # bytes: the 65,535 recipients that a row can number, 1 KiB each
NAMES = (  # the 13 fields of a record line, KB Q173280
    "message_id", "event", "moment", "gateway", "partner", "remote_id", "originator", "priority",
    "length", "seconds", "cost", "subject_id", "recipients",
)  # fmt: skip
MOMENT = r"^[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,2} "
MADE = ";l=[^;]*-([0-9]{12})Z-"  # when the id was made, which is the submission
WHOLE_NUMBER = "^-?[0-9]+$"
REST = pl.concat_str(
    *(
        pl.when(pl.col(name) != "").then(pl.lit(f"{name}=") + pl.col(name))
        for name in ("priority", "seconds", "cost")
    ),
    *(
        pl.when(pl.col(name).cast(kind, strict=False).is_null() & (pl.col(name) != "")).then(
            pl.lit(f"{name}=") + pl.col(name)
        )
        for name, kind in (("length", pl.Int64), ("recipients", pl.Int32))
    ),
    pl.lit("status without recipient=") + pl.col("loose"),
    separator="\t",
    ignore_nulls=True,
).alias("rest")  # what no column takes
SPOILT = pl.col("line").str.starts_with(SPOILED)


@dataclass(slots=True)
class Tally:
    """What the decoding of a file finds that no row tells."""

    differing: int = 0  # records that name more or fewer recipients than their field 13 says
    first: int = 0  # physical line of the first of them


def blocks_of(path: Path) -> Iterator[bytes]:
    """Yield the file in blocks of whole lines; a last line without line end is a block's end."""
    rest = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            whole, newline, tail = block.rpartition(b"\n")
            if newline:
                yield rest + whole + newline
                rest = tail
            else:  # lines end within 1 MiB: survey saw to it
                rest += block
    if rest:
        yield rest


def frames_of(path: Path, tally: Tally, *, lines: int, open_end: bool) -> Iterator[pl.DataFrame]:
    """Yield the records of the first ``lines`` lines, one row per recipient.

    ``open_end`` says that the last line has no line end, so that its record is half written. The
    last record of a block waits for the next block: it may go on there.
    """
    waiting = pl.DataFrame(schema={"record": pl.UInt64, "line": pl.String})
    first, overlong = 1, False
    for block in blocks_of(path):
        fresh = _numbered(block, first).filter(pl.col("record") <= lines)
        first += fresh.height
        marked = _marked(pl.concat([waiting, fresh]))
        begins = marked["record"].filter(marked["begins"])
        last = begins[-1] if begins.len() else first
        if overlong:  # the rest of a record refused already
            goes_on = begins[0] if begins.len() else first
            marked = marked.filter((pl.col("record") >= goes_on) | pl.col("spoiled"))
            overlong = not begins.len()
        yield _decoded(marked.filter(pl.col("record") < last), tally)
        waiting = marked.filter(pl.col("record") >= last).select("record", "line")
        if waiting["line"].str.len_bytes().sum() > LONGEST_RECORD:
            spoiled = waiting.slice(1).filter(SPOILT)
            yield _refused(pl.concat([waiting.head(1), spoiled]), "record over 64 MiB")
            waiting, overlong = waiting.clear(), True
    yield _ended(_decoded(_marked(waiting), tally), waiting, open_end=open_end)


def _numbered(block: bytes, first: int) -> pl.DataFrame:
    """Return a block's lines with their physical numbers, without line ends."""
    text = pl.Series("line", [block.decode().removesuffix("\n")])
    lines = text.str.split("\n").explode().str.strip_suffix("\r")
    numbers = pl.int_range(first, first + lines.len(), dtype=pl.UInt64, eager=True)
    return pl.DataFrame({"record": numbers, "line": lines})


def _marked(lines: pl.DataFrame) -> pl.DataFrame:
    """Say which lines begin a record: a date in field 3, or 13 fields with numbers in their places.

    So that a damaged record line is refused, and not taken for recipients of the record before it.
    A spoiled line is refused; it begins a record where its excerpt shows fields.
    """
    field = pl.col("items").list
    numbers = field.get(8, null_on_oob=True).str.contains("^[0-9]+$") | field.get(
        12, null_on_oob=True
    ).str.contains(WHOLE_NUMBER)
    dated = field.get(2, null_on_oob=True).str.contains(MOMENT).fill_null(value=False)
    wide = (field.len() >= len(NAMES)) & numbers.fill_null(value=False)
    return lines.with_columns(items=pl.col("line").str.split("\t")).with_columns(
        spoiled=SPOILT,
        begins=pl.when(SPOILT).then(field.len() > 3).otherwise(dated | wide),  # noqa: PLR2004
    )


def _decoded(marked: pl.DataFrame, tally: Tally) -> pl.DataFrame:
    """Return the rows of a run of lines; what stands above the first record line is refused."""
    marked = marked.with_columns(group=pl.col("begins").cum_sum())
    alone = marked.filter(
        (pl.col("spoiled") & ~pl.col("begins"))
        | ((pl.col("group") == 0) & (pl.col("line") != "") & ~pl.col("spoiled"))
    )
    named, loose = _recipients(marked.filter((pl.col("group") > 0) & ~pl.col("spoiled")))
    heads = _heads(marked.filter("begins"))
    counts = named["group"].rle().struct.unnest().rename({"value": "group", "len": "named"})
    heads = heads.join(counts, on="group", how="left", maintain_order="left")
    heads = heads.join(loose, on="group", how="left", maintain_order="left").with_columns(REST)
    _compare(heads, tally)
    rows = heads[named["group"] - 1].drop("group").hstack(named.drop("group"))
    bare = heads.filter(pl.col("named").is_null()).with_columns(
        named=pl.lit(0, pl.UInt32), recipient_no=pl.lit(1, pl.UInt32)
    )
    refused = _refused(alone, "no record line above this line")
    return pl.concat([refused, _shaped(rows), _shaped(bare)])


def _heads(begins: pl.DataFrame) -> pl.DataFrame:
    """Return the fields of record lines, one row each; groups count from 1 without a gap."""
    field = pl.col("items").list
    names = (field.get(place, null_on_oob=True).alias(name) for place, name in enumerate(NAMES))
    return begins.select(
        "record", "group", "line", field.len().alias("fields"), *names
    ).with_columns(made=pl.col("message_id").str.extract(MADE), reject=pl.lit(None, pl.String))


def _recipients(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return recipients with their status, and the statuses that follow no recipient, by group.

    Field 15 may stand behind its recipient, on the line below it, or not at all.
    """
    beyond = pl.col("items").list.slice(len(NAMES))
    items = (
        lines.filter(~pl.col("begins") | (pl.col("items").list.len() > len(NAMES)))
        .select("group", item=pl.when("begins").then(beyond).otherwise(pl.col("items")))
        .explode("item")
        .filter(pl.col("item").str.strip_chars() != "")
        .with_columns(is_status=pl.col("item").is_in(["0", "1"]))
    )
    same, follows = pl.col("group") == pl.col("group").shift(-1), pl.col("is_status").shift(-1)
    after = pl.when(same & follows).then(pl.col("item").shift(-1))
    led = (pl.col("group") == pl.col("group").shift(1)) & ~pl.col("is_status").shift(1)
    items = items.with_columns(status=after, led=led.fill_null(value=False))
    place = pl.int_range(pl.len(), dtype=pl.UInt32)
    first = pl.when(pl.col("group") != pl.col("group").shift(1, fill_value=0)).then(place)
    named = items.filter(~pl.col("is_status")).select(
        "group", "status", recipient="item", recipient_no=place - first.forward_fill() + 1
    )
    loose = items.filter(pl.col("is_status") & ~pl.col("led"))
    return named, loose.group_by("group").agg(loose=pl.col("item").str.join(","))


def _compare(heads: pl.DataFrame, tally: Tally) -> None:
    """Count the records whose recipients are not as many as field 13 says."""
    said = pl.col("recipients").cast(pl.Int64, strict=False)
    differing = heads.filter(said != pl.col("named").fill_null(0))["record"]
    if differing.len():
        tally.first = tally.first or int(differing[0])
        tally.differing += differing.len()


def _ended(rows: pl.DataFrame, lines: pl.DataFrame, *, open_end: bool) -> pl.DataFrame:
    """Refuse the file's last record where the file ends inside it."""
    unended = lines.height > 0 and lines["line"][-1] != ""
    few = pl.col("named") < pl.col("recipients").cast(pl.Int64, strict=False)
    inside = pl.lit(open_end) | (pl.lit(unended) & few).fill_null(value=False)
    reason = pl.when(inside).then(pl.lit("cut short: the file ends inside this record"))
    return rows.with_columns(reject=pl.coalesce("reject", reason))


def _refused(lines: pl.DataFrame, reason: str) -> pl.DataFrame:
    """Return rows that only say which line is refused, and why."""
    return _shaped(lines.select("record", "line", reject=pl.lit(reason)))


SCHEMA = {
    "record": pl.UInt64, "fields": pl.UInt32, "named": pl.UInt32, "recipient_no": pl.UInt32,
    **dict.fromkeys((*NAMES, "made", "recipient", "status", "rest"), pl.String),
    "reject": pl.String, "excerpt": pl.String,
}  # fmt: skip


def _shaped(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that the load SQL expects, NULL where there are none.

    A spoiled line says itself why it is refused, and what may be shown of it.
    """
    parts = pl.col("line").str.split(SPOILED).list
    rows = rows.with_columns(
        reject=pl.when(SPOILT).then(parts.get(1, null_on_oob=True)).otherwise("reject"),
        excerpt=pl.when(SPOILT)
        .then(parts.get(2, null_on_oob=True))
        .otherwise(pl.col("line").str.slice(0, EXCERPT)),
    )
    absent = [pl.lit(None, kind).alias(n) for n, kind in SCHEMA.items() if n not in rows.columns]
    return rows.with_columns(absent).select(pl.col(n).cast(kind) for n, kind in SCHEMA.items())
