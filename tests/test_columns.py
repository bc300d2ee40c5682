"""A plain log is read in columns, any other by lines: both ways give the same rows."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import generate
from logpipe import formats
from logpipe import ingest as reading
from logpipe.analyze import ingest
from logpipe.load import Into, Refused, load_batch
from logpipe.model import Batch, Columns, Format
from logpipe.plans import SMALL
from logpipe.store import Connection, ask, open_store
from samples.generator.tracking2016 import FIELDS as TRACKING
from samples.generator.w3c import FIELDS as W3C

ROOT = Path(__file__).parents[1]
CORPUS = ROOT.parent / "shared" / "corpus" / "mail"
Change = Callable[[str], str]
TABLES = ("tracking_event", "smtp_event", "reject", "header_block", "source")
LOGS = [
    path
    for folder in (ROOT / "samples", CORPUS)
    for path in sorted(folder.rglob("*"))
    if path.suffix.lower() in {".log", ".gz"}
]

ROW = (
    "2016-03-01T00:00:00.000Z,192.0.2.7,app,192.0.2.16,EX16,c;x,EX16\\Default,SMTP,RECEIVE,4724,"
    "<a@EX16.example>,8270ee5e-0000-0000-0000-000000000000,b@x.example,,100,1,,,{},c@x.example,"
    "c@x.example,0cI: ,Incoming,,192.0.2.54,192.0.2.16,S:A=B,Email,guid,15.01"
)
HEAD = f"#Log-type: Message Tracking Log\r\n#Fields: {TRACKING}\r\n"
SMTP = (
    "2016-03-01 00:00:0{} 192.0.2.9 pc9 SMTPSVC1 GW1 192.0.2.1 0 EHLO - +pc9 250 0 275 8 0 "
    "SMTP - - - -"
)
SMTP_HEAD = f"#Date: 2016-03-01 00:00:00\r\n#Fields: {W3C}\r\n"


@contextmanager
def by_lines() -> Iterator[None]:
    def careful() -> list[Format]:
        return [replace(format_, quick=None) for format_ in formats.all_formats()]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "all_formats", careful)
        yield


def rows(paths: list[Path], store: Path) -> dict[str, list[Any]]:
    with open_store(store) as con:
        ingest(con, paths)
        return {t: [list(r.values()) for r in ask(con, f"FROM {t} ORDER BY ALL")] for t in TABLES}


def both(paths: list[Path], scratch: Path) -> dict[str, list[Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "SMALL", 0)  # these are read by lines, as their plan is kept
        quick = rows(paths, scratch / "quick.duckdb")
    with by_lines():
        careful = rows(paths, scratch / "careful.duckdb")
    for table in TABLES:
        assert quick[table] == careful[table], table
    return quick


def is_quick(path: Path, name: str) -> bool:
    (format_,) = [f for f in formats.all_formats() if f.name == name]
    found = format_.quick(path) if format_.quick else None
    return found is not None and isinstance(next(iter(found.batches)), Columns)


@pytest.mark.parametrize("write", [generate.tracking, generate.w3c])
def test_a_large_plain_log_is_read_in_columns_and_no_second_time_by_lines(
    write: Callable[[Path, int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "large.log", 2 * SMALL)
    ways: list[type[Batch]] = []

    def seen(con: Connection, batch: Batch, into: Into, expected: int) -> Refused:
        ways.append(type(batch))
        return load_batch(con, batch, into, expected)

    monkeypatch.setattr(reading, "load_batch", seen)
    rows([tmp_path], tmp_path / "x.duckdb")
    assert ways == [Columns]


def test_samples_and_corpus_give_the_same_rows_both_ways(tmp_path: Path) -> None:
    found = both(LOGS, tmp_path)
    assert len(found["tracking_event"]) > 10_000
    assert len(found["smtp_event"]) > 10_000


def test_plain_samples_are_read_in_columns(tmp_path: Path) -> None:
    for path in LOGS:
        if not path.name.startswith(("ex07", "MSGTRK")) or ROOT not in path.parents:
            continue
        plain, content = tmp_path / "plain.log", path.read_bytes()
        plain.write_bytes(gzip.decompress(content) if path.suffix == ".gz" else content)
        assert is_quick(plain, "smtpsvc_w3c" if path.name.startswith("ex") else "tracking_2007")


SUBJECTS = [
        "plain", '"quoted, with comma"', '"doubled ""quote"""', '""', '""""', 'stray " quote',
        '5" and 6"', ' "blank before"', '"blank behind" ', '"never closed', 'a"b,c"d', "-", " ",
        "\u00e9", '"two\r\nlines"', '"a\rb"', "a\rb", "one,more", "#hash", "nul\0byte", "\x02two",
]  # fmt: skip


CSV_CHANGES: list[Change] = [
    lambda t: t,
    lambda t: t.replace("\r\n", "\n"),
    lambda t: "\ufeff" + t,
    lambda t: t + "\r\n",
        lambda t: t.rstrip(), lambda t: t[:-9], lambda t: t + HEAD + ROW.format("again") + "\r\n",
        lambda t: t + "date-time,client-ip\r\n", lambda t: t + ROW.format("x")[:-30],
    lambda t: t.replace("\r\n", "\r"),
    lambda t: t.replace("15.01", ""),
    lambda t: t[: len(HEAD)],
    lambda t: t.replace("2016-03-01T", "2016-13-41T", 1),
    lambda t: t.replace(",100,", ",ten,", 1),
]  # fmt: skip


W3C_CHANGES: list[Change] = [
        lambda t: t, lambda t: t.replace(" - - - -\r\n", " - - - - \r\n"), lambda t: t + SMTP_HEAD,
        lambda t: t + SMTP_HEAD + SMTP.format(5) + "\r\n", lambda t: t.replace(" 250 ", " 2x0 ", 1),
        lambda t: t + "\r\n" + SMTP.format(4), lambda t: t.replace("EHLO - ", "EHLO stem ", 1),
    lambda t: t.replace("SMTP - -", "SMTP host agent", 1),
    lambda t: t.replace(" - - - -", " - - - - x", 1),
    lambda t: t.replace("00:00:02", "24:00:02"),
    lambda t: t.replace("date time", "time date", 1),
    lambda t: t + SMTP_HEAD.replace("cs-bytes", "other") + SMTP.format(6) + "\r\n",
    lambda t: t[:-30],
]  # fmt: skip


def written(folder: Path, texts: list[str]) -> list[Path]:
    paths = [folder / f"{number:02}.log" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text.encode())
    return paths


def test_odd_values_are_the_same_both_ways(tmp_path: Path) -> None:
    lots = [[ROW.format("before"), ROW.format(odd), ROW.format("behind")] for odd in SUBJECTS]
    texts = [HEAD + "".join(line + "\r\n" for line in lot) for lot in lots]
    found = both(written(tmp_path, texts), tmp_path)
    assert len(found["source"]) == len(SUBJECTS)
    assert {row[1] for row in found["tracking_event"]} >= {3, 4, 5}


def test_odd_csv_files_are_the_same_both_ways(tmp_path: Path) -> None:
    text = HEAD + "".join(ROW.format(word) + "\r\n" for word in ("one", '"t,wo"', "three"))
    both(written(tmp_path, [change(text) for change in CSV_CHANGES]), tmp_path)


def test_odd_w3c_files_are_the_same_both_ways(tmp_path: Path) -> None:
    text = SMTP_HEAD + "".join(SMTP.format(i) + "\r\n" for i in range(4))
    both(written(tmp_path, [change(text) for change in W3C_CHANGES]), tmp_path)
