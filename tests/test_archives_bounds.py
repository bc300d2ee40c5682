"""Archives that would fill disk or memory: they are refused, and the others are read."""

import struct
import tarfile
from pathlib import Path

import pytest

from logpipe.archives import (
    bounds,
    budget_of,
    look,
    open_container,
    unwrap,
)
from logpipe.errors import UnreadableError
from tests.archive_files import (
    CONTAINERS,
    LOG,
    NOISE,
    STREAMS,
    cabbed,
    contents,
    sevenzipped,
    tarred,
    written,
    zipped,
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "FREE", 1 << 20)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["zip", "7z", "7z-zstd", "zip-lzma", "zip-bzip2", "cab"])
def test_a_member_that_grows_beyond_all_bounds_is_refused(name: str, tmp_path: Path) -> None:
    zeros = bytes(8 << 20)
    (tmp_path / "x").write_bytes(CONTAINERS[name]({"a.log": LOG[:9000], "bomb": zeros}))
    found, _ = contents(tmp_path / "x")
    assert found["a.log"] == LOG[:9000]
    if name == "cab":  # MSZIP grows a thousand times at most, and a block has a header
        assert found["bomb"] == zeros or "bomb" in str(found["bomb"])
    else:
        assert "refused as a bomb" in str(found["bomb"])
    assert (tmp_path / "member").stat().st_size <= 3 << 20


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("kind", STREAMS)
def test_a_compressed_bomb_is_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(STREAMS[kind](bytes(64 << 20)))
    with pytest.raises(UnreadableError, match="refused as a bomb"):
        unwrap(tmp_path / "x", tmp_path, look(tmp_path / "x"))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["zip", "7z"])
def test_many_members_together_are_bounded(name: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(
        CONTAINERS[name]({f"{n:02}": bytes(900_000 + n) for n in range(40)})
    )
    found, _ = contents(tmp_path / "x")
    sizes = [len(content) for content in found.values() if isinstance(content, bytes)]
    assert sum(sizes) <= budget_of((tmp_path / "x").stat().st_size).left
    assert len(sizes) < 40
    assert "refused as a bomb" in str(list(found.values())[-1])


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    """D. Fifield's bomb: one kernel, many names."""
    kernel = zipped({"kernel": LOG})
    at = kernel.rfind(b"PK\x01\x02")
    entry, end = kernel[at : kernel.rfind(b"PK\x05\x06")], kernel.rfind(b"PK\x05\x06")
    count = 500
    directory = b"".join(entry.replace(b"kernel", b"k%05d" % n) for n in range(count))
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory), at, 0)
    assert end > 0
    (tmp_path / "x").write_bytes(kernel[:at] + directory + tail)
    found, (note,) = contents(tmp_path / "x")
    assert found == {}
    assert "500 members with bytes of others" in note


def test_a_directory_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logpipe.archives.zip_directory.LARGEST_DIRECTORY", 100)
    (tmp_path / "x").write_bytes(zipped({"a" * 300: b"x"}))
    with pytest.raises(UnreadableError, match="refused as a bomb"):
        contents(tmp_path / "x")


@pytest.mark.usefixtures("small")
def test_what_lies_behind_a_bomb_in_a_solid_stream_is_not_unpacked_for(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(sevenzipped({"bomb": bytes(32 << 20), "z.log": LOG}))
    found, _ = contents(tmp_path / "x")
    assert "refused as a bomb" in str(found["bomb"])
    assert "refused as a bomb" in str(found["z.log"])


def test_cabinet_members_that_overlap_do_not_unpack_for_ever(tmp_path: Path) -> None:
    raw = bytearray(cabbed({f"{n:03}.log": NOISE for n in range(60)}))
    for n in range(60):
        at = raw.find(b"%03d.log" % n) - 12
        raw[at : at + 4] = bytes(4)  # all begin at the same place
    (tmp_path / "x").write_bytes(raw)
    with open_container(tmp_path / "x", "cab", 1 << 20) as container:
        budget = budget_of(0)
        found = [written(tmp_path / "x", m.blocks(), budget) for m in container.members]
    assert found[:2] == [NOISE, NOISE]
    assert "refused as a bomb" in str(found[-1])


@pytest.mark.usefixtures("small")
def test_a_tar_that_claims_to_be_huge_is_only_cut(tmp_path: Path) -> None:
    raw = bytearray(tarred({"a.log": LOG}, tarfile.GNU_FORMAT))
    raw[124:136] = b"\x80" + (1 << 62).to_bytes(11, "big")
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw[:512])
    (tmp_path / "x").write_bytes(raw)
    assert "tar damaged after" in str(contents(tmp_path / "x")[0]["a.log"])
