"""7z archives: their members, and what is not read is said."""

import io
import struct
import zlib
from pathlib import Path
from random import Random

import py7zr
import pytest
from py7zr.properties import FILTER_DEFLATE64

from logpipe.errors import UnreadableError
from tests.archive_files import (
    FILES,
    LOG,
    LZMA2,
    NOISE,
    cabbed,
    contents,
    sevenzipped,
)


def test_links_in_a_7z(tmp_path: Path) -> None:
    (tmp_path / "real.log").write_bytes(LOG)
    (tmp_path / "link.log").symlink_to("real.log")
    (tmp_path / "folder").mkdir()
    with py7zr.SevenZipFile(tmp_path / "x", "w") as archive:
        for name in ("folder", "link.log", "real.log"):
            archive.write(tmp_path / name, name)
    assert contents(tmp_path / "x")[0] == {"link.log": "a link: not followed", "real.log": LOG}


def test_an_encrypted_7z_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(sevenzipped({"a.log": LOG}, password="secret"))  # noqa: S106 - a test's
    assert "encrypted: unpack it with its password" in str(contents(path)[0]["a.log"])
    path.write_bytes(sevenzipped({"a.log": LOG}, password="secret", hide_names=True))  # noqa: S106
    with pytest.raises(UnreadableError, match="encrypted: unpack it with its password"):
        contents(path)


def test_a_7z_packed_with_ppmd_says_so(tmp_path: Path) -> None:
    ppmd = [{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}]
    (tmp_path / "x").write_bytes(sevenzipped({"a.log": LOG}, ppmd))
    assert "packed with PPMd: unpack it with 7-Zip" in str(contents(tmp_path / "x")[0]["a.log"])


def test_members_behind_damage_in_a_solid_stream_are_said_lost(tmp_path: Path) -> None:
    raw = bytearray(cabbed({"a.log": LOG, "b.bin": NOISE, "c.log": LOG}))
    raw[raw.find(NOISE[40_000:40_004])] ^= 1  # MSZIP stores what does not shrink
    (tmp_path / "x").write_bytes(raw)
    found, _ = contents(tmp_path / "x")
    assert found["a.log"] == LOG
    assert "checksum does not fit" in str(found["b.bin"])
    assert "damaged before it" in str(found["c.log"])


def test_a_cut_7z_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(sevenzipped(FILES)[:-50])
    with pytest.raises(UnreadableError, match="copy it again"):
        contents(tmp_path / "x")


@pytest.mark.parametrize("method", [LZMA2, py7zr.FILTER_ZSTD, FILTER_DEFLATE64])
def test_mutated_7z_whose_checksums_fit_never_crash(method: int, tmp_path: Path) -> None:
    """Without this the checksum of its directory would stop all damage at the door."""
    random, path, out = Random(method), tmp_path / "x", io.BytesIO()  # noqa: S311
    with py7zr.SevenZipFile(out, "w", filters=[{"id": method}]) as archive:
        archive.set_encoded_header_mode(False)
        for name, content in {"a.log": LOG[:3000], "c.bin": NOISE[:2000], "e": b""}.items():
            archive.writestr(content, name)
    whole = out.getvalue()
    start, length = struct.unpack_from("<QQ", whole, 12)
    for _ in range(300):
        raw = bytearray(whole)
        for _ in range(random.randint(1, 3)):
            raw[random.choice((random.randrange(32, len(raw)), -random.randint(1, length)))] = (
                random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
            )
        raw[28:32] = struct.pack("<I", zlib.crc32(raw[32 + start : 32 + start + length]))
        raw[8:12] = struct.pack("<I", zlib.crc32(raw[12:32]))
        path.write_bytes(raw)
        try:
            found, _ = contents(path, "7z")
            assert all(name.isprintable() for name in found)
        except UnreadableError as error:
            assert str(error)  # noqa: PT017 - either is right
