"""Binary counter logs: told from other files, described, never taken for read."""

import random
from pathlib import Path

import pytest

from logpipe.errors import UnreadableError
from logpipe.formats.blg import FORMAT
from samples.writers.blg import write

REAL = Path(__file__).parents[3] / "shared" / "corpus" / "perfmon" / "pal__SampleLog.blg"


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableError) as told, FORMAT.read(path, path.parent):
        pass
    return str(told.value)


def test_a_binary_log_is_refused_with_host_span_and_the_command_that_helps(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "GW1_000001.blg"
    assert FORMAT.sniff(path.read_bytes())
    words = refusal(path)
    assert "BLG) of GW1, 2007-09-03 05:00:00 to 2007-09-03 05:10:00 UTC, 2 pieces" in words
    assert "relog in.blg -f CSV -o out.csv" in words
    assert "damaged" not in words


def test_an_event_trace_without_counters_is_called_one(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "GW1_000001.blg"
    path.write_bytes(path.read_bytes()[:1024])
    assert "event trace (ETL) without performance counters" in refusal(path)


def test_other_files_are_not_claimed() -> None:
    assert not FORMAT.sniff(b"")
    assert not FORMAT.sniff(b"\0" * 65536)
    assert not FORMAT.sniff(b"ElfFile\0" + b"\0" * 4096)


def test_a_time_that_no_clock_shows_is_left_out(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "GW1_000001.blg"
    hurt = bytearray(path.read_bytes())
    for buffer in (1024, 2048):
        hurt[buffer + 16 : buffer + 24] = b"\xff" * 8
    path.write_bytes(hurt)
    assert "of GW1, 2 pieces" in refusal(path)


def test_damage_is_told_and_raises_nothing_else(tmp_path: Path) -> None:
    write(tmp_path)
    whole = (tmp_path / "GW1_000001.blg").read_bytes()
    seeded = random.Random(7)  # noqa: S311 - damage, no secret
    path = tmp_path / "hurt.blg"
    for _ in range(300):
        hurt = bytearray(whole)
        for _ in range(seeded.randrange(1, 8)):
            hurt[seeded.choice([1044, seeded.randrange(80, len(hurt))])] = seeded.randrange(256)
        path.write_bytes(hurt[: seeded.randrange(80, len(hurt))])
        if FORMAT.sniff(path.read_bytes()):
            refusal(path)


@pytest.mark.skipif(not REAL.is_file(), reason="no real files beside this checkout")
def test_a_real_log_is_walked_to_its_end() -> None:
    assert "of ZACH-PC, 2007-08-14 19:40:38 to 2007-08-14 19:50:39 UTC, 49 pieces" in refusal(REAL)


def test_a_file_shorter_than_a_buffer_header_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "short.blg"
    path.write_bytes(b"\0" * 47)
    assert "without performance counters" in refusal(path)
