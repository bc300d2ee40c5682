"""Cabinets: their members, and what is not read is said."""

import struct
from pathlib import Path

import pytest

from tests.archive_files import LOG, NOISE, cabbed, contents


@pytest.mark.parametrize(("method", "word"), [(2, "Quantum"), (3, "LZX")])
def test_a_cabinet_packed_otherwise_is_named(method: int, word: str, tmp_path: Path) -> None:
    raw = bytearray(cabbed({"a.log": LOG}))
    raw[42] = method
    (tmp_path / "x").write_bytes(raw)
    assert word in str(contents(tmp_path / "x")[0]["a.log"])


def test_a_cabinet_of_a_set_names_what_goes_on_elsewhere(tmp_path: Path) -> None:
    raw = bytearray(cabbed({"a.log": LOG, "b.log": LOG}))
    at = raw.find(b"b.log") - 8
    raw[at : at + 2] = b"\xfe\xff"
    (tmp_path / "x").write_bytes(raw)
    found, _ = contents(tmp_path / "x")
    assert found["a.log"] == LOG
    assert "another cabinet" in str(found["b.log"])


def test_a_cabinet_with_reserved_fields_and_neighbours_is_read(tmp_path: Path) -> None:
    raw = cabbed({"a.log": LOG}, flags=7)
    more = struct.pack("<HBB", 5, 3, 0) + b"12345" + b"p.cab\0disk 1\0n.cab\0disk 3\0"
    folder, rest = raw[36:44], raw[44:]
    start = struct.unpack_from("<I", folder)[0] + len(more) + 3
    head = raw[:16] + struct.pack("<I", 44 + len(more) + 3) + raw[20:36]
    (tmp_path / "x").write_bytes(
        head + more + struct.pack("<I", start) + folder[4:] + b"abc" + rest
    )
    assert contents(tmp_path / "x")[0] == {"a.log": LOG}


def test_a_cut_cabinet_gives_the_members_before_the_cut(tmp_path: Path) -> None:
    raw = cabbed({"a.log": LOG, "b.bin": NOISE, "c.log": LOG})
    (tmp_path / "x").write_bytes(raw[: raw.find(NOISE[50_000:50_004])])
    found, (note,) = contents(tmp_path / "x")
    assert found["a.log"] == LOG
    assert "cab damaged after" in str(found["b.bin"])
    assert "cabinet is cut" in note
