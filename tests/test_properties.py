"""What holds for any input: lines, CSV, zones, archives. Hypothesis makes the inputs up."""

import codecs
import csv
import io
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from logpipe.archives import bound_of, bounds, budget_of, look, open_container, unwrap, write_out
from logpipe.archives.member import DocumentError
from logpipe.clocks import periods
from logpipe.errors import UnreadableError
from logpipe.formats._text.lines import LONGEST_LINE, encoding_of, survey
from logpipe.load import _lines_of as lines_of  # what load SQL reads lines through
from logpipe.store import Connection, ask, open_store
from tests.archive_files import CONTAINERS, FILES

# the same examples each time: CI is no place for luck
settings.register_profile("ci", derandomize=True, deadline=None, database=None, max_examples=150)
settings.load_profile("ci")


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("properties") / "x.duckdb") as con:
        yield con


# Lines

PIECES = [
    b"\n", b"\r\n", b"\r", b"#", b"a", b"key=value", b"\0", b"\xff\xfe", b"\xfe\xff", b"\x02",
    b"\xef\xbb\xbf", b"\xc3\xa4", b"\xe4", b" ", b",", b'"', b"\x01", b"\xed\xa0\x80", b"\x85",
    b"\x0b", b"\xe2\x80\xa8", b"\x1a",
]  # fmt: skip
texts = st.one_of(
    st.binary(max_size=200),
    st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join),
    st.lists(st.sampled_from("\n\r#a,ä\0\ufeff"), max_size=60).map(
        lambda letters: "".join(letters).encode("utf-16")
    ),
)


def plain_lines(data: bytes) -> list[str]:
    """The lines of a file as Python alone sees them."""
    if data == codecs.BOM_UTF8:
        return []
    encoding = encoding_of(data[:512])
    text = data.decode(encoding or "latin-1", "replace")
    mark = "\ufeff" if encoding else "\xef\xbb\xbf"
    text = text.replace(mark, "") if encoding else text
    lines = text.split("\n" if "\n" in text else "\r")
    return [
        line.removesuffix("\r").removeprefix(mark)
        for line in lines[: -1 if not lines[-1] else None]
    ]


@given(texts)
@example(b"\xef\xbb\xbf")
@example(b"a\n\r")
@example(b"\xff\xfe\n\0\xff\xfe")
@example(b"a" * (LONGEST_LINE + 1) + b"\nb")
def test_any_bytes_have_as_many_lines_and_headers_as_python_counts(
    con: Connection, data: bytes
) -> None:
    lines = plain_lines(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.log")
        path.write_bytes(data)
        text = survey(path, Path(folder))
        assert text.lines == len(lines)
        assert [line for line, _ in text.headers] == [
            number
            for number, line in enumerate(lines, 1)
            if line.startswith("#") and "\0" not in line
        ]
        assert text.blank == lines.count("")
        if data:
            seen = ask(
                con,
                "SELECT count(*) AS n, max(record) AS last, count(text) AS told "
                f"FROM ({lines_of(text.path)}) AS line",
            )
            assert seen == [
                {"n": len(lines), "last": len(lines) or None, "told": len(lines) - text.blank}
            ]


# CSV

values = st.text(
    st.one_of(
        st.sampled_from("\",; \t'-"),
        st.characters(exclude_characters="\n\r\0\x1e\x1f", exclude_categories=["Cs"]),
    ),
    max_size=8,
)


def read_csv(con: Connection, line: str, word: str) -> list[str | None]:
    return list(con.execute(f"SELECT {word}", {"line": line}).fetchall()[0][0])


# 0 quotes what needs it, 1 all
def written(fields: list[str], quoting: Literal[0, 1]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=quoting, lineterminator="").writerow(fields)
    return out.getvalue()


@given(st.lists(values, min_size=2, max_size=6), st.sampled_from([0, 1]))
def test_a_csv_line_is_split_as_the_csv_module_split_it(
    con: Connection, fields: list[str], quoting: Literal[0, 1]
) -> None:
    line = written(fields, quoting)
    assert next(csv.reader([line])) == fields
    split = "list_transform(lp_csv($line), LAMBDA v: lp_unquote(v))"
    assert read_csv(con, line, split) == [field or None for field in fields]
    assert read_csv(con, line, "lp_fields($line)") == fields


@given(values)
def test_a_line_of_csv_ends_open_where_its_quotes_are_odd(con: Connection, line: str) -> None:
    open_ = con.execute("SELECT lp_csv_open($line)", {"line": line}).fetchall()[0][0]
    assert open_ == (line.count('"') % 2 == 1)


# Zones

ZONES = sorted(name for name in available_timezones() if "/" in name)
moments = st.datetimes(datetime(1990, 1, 3), datetime(2099, 12, 28))  # noqa: DTZ001 - naive UTC


@cache
def rows_of(zone: str) -> list[dict[str, Any]]:
    return periods(zone).rows(named=True)


@settings(max_examples=300)
@given(st.sampled_from(ZONES), moments)
def test_a_local_time_leads_back_to_its_utc_or_to_the_other_pass_of_its_hour(
    zone: str, moment: datetime
) -> None:
    moment = moment.replace(microsecond=0)
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    (row,) = (each for each in rows_of(zone) if each["local_from"] <= local < each["local_until"])
    first = local - timedelta(seconds=row["east_s"])
    fold = timedelta(seconds=row["fold_s"])
    passes = [first, first + fold] if local >= row["local_until"] - fold else [first]
    assert moment in passes


# Archives

PACKED = {name: pack(FILES) for name, pack in CONTAINERS.items()}


@given(st.sampled_from(sorted(PACKED)), st.data())
def test_no_damage_makes_an_archive_crash(name: str, data: st.DataObject) -> None:
    whole = PACKED[name]
    places = st.integers(0, len(whole) - 1)
    # headers lie at both ends
    ends = st.one_of(st.integers(0, 200), st.integers(len(whole) - 400, len(whole) - 1), places)
    damaged = bytearray(whole)
    for at, piece in data.draw(
        st.lists(st.tuples(ends, st.binary(min_size=1, max_size=8)), max_size=6)
    ):
        damaged[at : at + len(piece)] = piece
    read_archive(bytes(damaged[: data.draw(st.one_of(st.just(len(whole)), places))]))


@given(
    st.sampled_from(
        [
            b"PK\x03\x04",
            b"PK\x05\x06",
            b"7z\xbc\xaf\x27\x1c",
            b"MSCF",
            b"\x1f\x8b\x08",
            b"BZh9",
            b"\xfd7zXZ\0",
            b"\x28\xb5\x2f\xfd",
        ]
    ),
    st.binary(max_size=600),
)
def test_no_bytes_behind_the_first_of_an_archive_make_it_crash(magic: bytes, rest: bytes) -> None:
    read_archive(magic + rest)


def read_archive(data: bytes) -> None:
    """Unpack all there is; what cannot be read must say so by these errors."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x")
        path.write_bytes(data)
        wrapping = look(path)
        try:
            if wrapping.streams:
                path, _ = unwrap(path, Path(folder), wrapping)
            if not wrapping.container:
                return
            budget = budget_of(path.stat().st_size)
            with open_container(path, wrapping.container, budget.left) as container:
                for member in container.members:
                    if not member.fault:
                        drain(member.blocks(), Path(folder, "member"), len(data), budget)
        except (UnreadableError, DocumentError):
            return


def drain(blocks: Iterator[bytes], target: Path, size: int, budget: bounds.Budget) -> None:
    try:
        write_out(blocks, target, bound_of(size), budget)
    except UnreadableError:
        return
