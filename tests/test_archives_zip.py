"""Zip archives: their members, with and without a directory."""

import io
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from backports import zstd

from logpipe.archives import (
    zip_local,
)
from logpipe.archives.member import DocumentError
from logpipe.errors import UnreadableError
from tests.archive_files import (
    FILES,
    LOG,
    NOISE,
    contents,
    encrypted_zip,
    zipped,
)


def test_zip_names_are_utf8_with_and_without_the_flag_or_of_the_old_code_page(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x"
    names = {
        "Über.log".encode("cp437"): False,
        "grün.log".encode(): False,
        "漢.log".encode(): True,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(len(names)):
            archive.writestr(f"{number}" * 12, b"x")
    raw = out.getvalue()
    for number, (name, flag) in enumerate(names.items()):
        padded = name.ljust(12, b"_")
        raw = raw.replace(b"%d" % number * 12, padded)
        if flag:
            at = raw.rfind(padded) - 46  # the directory's entry
            raw = raw[: at + 8] + struct.pack("<H", 0x800) + raw[at + 10 :]
    path.write_bytes(raw)
    found = {text.rstrip("_") for text in contents(path)[0]}
    assert found == {"grün.log", "Über.log", "漢.log"}


def test_links_and_folders_in_a_zip(tmp_path: Path) -> None:
    path, out = tmp_path / "x", io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.mkdir("folder")
        for name, mode in (("link", stat.S_IFLNK), ("pipe", stat.S_IFIFO), ("f.log", stat.S_IFREG)):
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, (mode | 0o644) << 16
            archive.writestr(info, "/etc/passwd")
    path.write_bytes(out.getvalue())
    assert contents(path)[0] == {
        "link": "a link: not followed",
        "pipe": "not a regular file: not read",
        "f.log": b"/etc/passwd",
    }


@pytest.mark.parametrize("method", [0, 99], ids=["old", "AES"])
def test_an_encrypted_zip_says_so(method: int, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(encrypted_zip(method))
    assert "encrypted: unpack it with its password" in str(contents(tmp_path / "x")[0]["a.log"])


@pytest.mark.parametrize(("method", "word"), [(98, "PPMd"), (6, "imploded"), (77, "unknown")])
def test_a_method_that_is_not_known_is_named(method: int, word: str, tmp_path: Path) -> None:
    raw = bytearray(zipped({"a.log": LOG}))
    at = raw.rfind(b"PK\x01\x02")
    raw[8:10] = raw[at + 10 : at + 12] = struct.pack("<H", method)
    (tmp_path / "x").write_bytes(raw)
    said = str(contents(tmp_path / "x")[0]["a.log"])
    assert f"method {method} ({word})" in said
    assert "7-Zip" in said


def test_zip_members_packed_by_zstd_and_deflate64_are_read(tmp_path: Path) -> None:
    packer = zlib.compressobj(0, zlib.DEFLATED, -15)  # stored blocks are the same in deflate64
    for method, data in ((93, zstd.compress(LOG)), (9, packer.compress(LOG) + packer.flush())):
        raw = zipped({"a.log": data}, zipfile.ZIP_STORED)
        local = struct.pack("<HHHIII", method, 0, 0x21, zlib.crc32(LOG), len(data), len(LOG))
        at = raw.rfind(b"PK\x01\x02")
        raw = raw[:8] + local + raw[26 : at + 10] + local + raw[at + 28 :]
        (tmp_path / "x").write_bytes(raw)
        assert contents(tmp_path / "x") == ({"a.log": LOG}, [])


def test_one_part_of_a_split_zip_says_so(tmp_path: Path) -> None:
    raw = bytearray(zipped({"a.log": LOG}))
    raw[raw.rfind(b"PK\x05\x06") + 4] = 3
    (tmp_path / "x").write_bytes(raw)
    with pytest.raises(UnreadableError, match="one part of a split zip"):
        contents(tmp_path / "x")


@pytest.mark.parametrize("name", ["[Content_Types].xml", "META-INF/MANIFEST.MF"])
def test_a_document_is_no_archive(name: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(zipped({"a.xml": b"<a/>", name: b"<b/>"}))
    with pytest.raises(DocumentError, match="not logs"):
        contents(tmp_path / "x")


def test_a_zip_without_its_directory_is_read_by_the_headers_of_its_members(tmp_path: Path) -> None:
    raw = zipped(FILES)
    (tmp_path / "x").write_bytes(raw[: raw.find(b"PK\x01\x02")])
    found, (note,) = contents(tmp_path / "x")
    assert found == FILES
    assert note.startswith("lost: the zip's directory")


@pytest.mark.parametrize("stream", [False, True], ids=["sizes before", "sizes behind"])
def test_a_cut_zip_gives_the_members_before_the_cut(stream: bool, tmp_path: Path) -> None:  # noqa: FBT001
    out = Pipe() if stream else io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.log", "b.log", "c.log"):
            archive.writestr(name, name.encode() + LOG + NOISE)
    raw = out.getvalue()
    (tmp_path / "x").write_bytes(raw[: raw.find(b"c.log") + 5000])
    found, (note,) = contents(tmp_path / "x")
    assert note.startswith("lost:")
    assert found["a.log"] == b"a.log" + LOG + NOISE
    assert found["b.log"] == b"b.log" + LOG + NOISE
    assert "zip damaged after" in str(found["c.log"])


class Pipe(io.BytesIO):
    """What cannot seek: sizes come behind the data."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


@pytest.mark.parametrize("cut", [False, True])
def test_zip64_is_read_with_and_without_its_directory(cut: bool, tmp_path: Path) -> None:  # noqa: FBT001
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.log", "b.log"):
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(name.encode() + LOG)
    raw = out.getvalue()
    (tmp_path / "x").write_bytes(raw[: raw.find(b"PK\x01\x02")] if cut else raw)
    found, notes = contents(tmp_path / "x")
    assert found == {"a.log": b"a.log" + LOG, "b.log": b"b.log" + LOG}
    assert len(notes) == cut


def test_an_archive_stored_in_a_zip_without_directory_is_one_member(tmp_path: Path) -> None:
    inner = zipped(FILES)
    raw = zipped({"inner.zip": inner, "b.log": LOG}, zipfile.ZIP_STORED)
    (tmp_path / "x").write_bytes(raw[: raw.find(b"PK\x01\x02", len(inner) + 100)])
    assert contents(tmp_path / "x")[0] == {"inner.zip": inner, "b.log": LOG}


def test_a_zip_behind_other_bytes_is_still_found_by_its_directory(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"MZ a program that unpacks itself" + zipped(FILES))
    assert contents(tmp_path / "x", "zip") == (FILES, [])


@pytest.mark.parametrize("behind", [zipped({"t2.log": LOG}), b"PK\5\6" + bytes(18)])
def test_members_that_the_directory_leaves_out_are_read_and_said(
    behind: bytes, tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(zipped({"t1.log": LOG}) + behind)
    found, (note,) = contents(tmp_path / "x")
    assert found["t1.log"] == LOG
    assert note == "1 member that the zip's directory leaves out, found by header"


def test_the_headers_within_a_zip_agree_with_its_directory(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(zipped(FILES))
    with (tmp_path / "x").open("rb") as file:
        found = {entry.name: (entry.offset, entry.size) for entry in zip_local.entries(file)}
    with zipfile.ZipFile(tmp_path / "x") as archive:
        told = {info.filename: (info.header_offset, info.file_size) for info in archive.infolist()}
    assert found == told
