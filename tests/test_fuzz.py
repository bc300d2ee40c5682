"""A small part of ``python -m benchmarks.fuzz``: damaged files break no reader."""

from pathlib import Path
from random import Random

import pytest

from benchmarks.fuzz import Portion, fuzz, portions, table
from benchmarks.mutate import MUTATIONS, Mutation, mutants
from benchmarks.seeds import BINARY, LARGEST, seeds
from logpipe.formats import all_formats
from logpipe.model import Format

FILES = 6  # for each reader; a long run takes 10,000
READERS = [format_.name for format_ in all_formats()]


@pytest.mark.parametrize("reader", READERS)
def test_damaged_files_neither_crash_nor_hang_nor_unbalance_the_books(
    reader: str, tmp_path: Path
) -> None:
    assert fuzz(Portion(reader, 0, 0, FILES), tmp_path).finds == []


@pytest.mark.parametrize("format_", all_formats(), ids=lambda format_: format_.name)
def test_every_reader_has_small_files_to_damage(format_: Format) -> None:
    found = seeds(format_)
    assert found
    assert all(format_.sniff(data) or data[:2] in {b"\xff\xfe", b"\xfe\xff"} for data in found)
    assert format_.name in BINARY or all(len(data) <= LARGEST for data in found)


def test_the_same_word_gives_the_same_files_and_another_word_others() -> None:
    originals = [b"#Fields: a b\r\n1 2\r\n" * 9]
    assert list(mutants(originals, "w", 30)) == list(mutants(originals, "w", 30))
    assert list(mutants(originals, "w", 30)) != list(mutants(originals, "v", 30))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_every_kind_of_damage_takes_an_empty_file(mutation: Mutation) -> None:
    assert isinstance(mutation(b"", Random(1)), bytes)  # noqa: S311 - no secret


def test_a_run_goes_on_behind_what_its_log_says() -> None:
    first, second = portions(["evt"], 700, 7, "")
    assert (first.files, second.first, second.files) == (500, 500, 200)
    done = f"{first.words()}: 2 broke, 9 a second\n    x: books: 1 records = 0 + 0 + 0\n"
    assert portions(["evt"], 700, 7, done) == [second]
    assert table(done).split() == ["reader", "files", "broke", "evt", "500", "2"]
