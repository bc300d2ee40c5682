"""Archives: what is in them comes out, bounded, and what does not is said."""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

import py7zr
import pytest
from backports import zstd
from py7zr.properties import FILTER_DEFLATE64

from logpipe.archives import (
    Wrapping,
    bound_of,
    bounds,
    budget_of,
    cab,
    look,
    open_container,
    unwrap,
    write_out,
    zip_local,
)
from logpipe.archives.member import DocumentError, numbered, shown_name
from logpipe.errors import UnreadableError

LOG = b"".join(b"2007-09-03 05:00:%02d 192.0.2.%d RCPT 250\r\n" % (n % 60, n) for n in range(3000))
NOISE = Random(7).randbytes(70_000)  # noqa: S311 - no secret
FILES = {"GW1/ex070903.log": LOG, "GW1/System.evt": NOISE, "empty.log": b"", "notes.txt": b"hello"}
Pack = Callable[[dict[str, bytes]], bytes]


def contents(path: Path, kind: str | None = None) -> tuple[dict[str, bytes | str], list[str]]:
    """What each member holds, or what is said of it; and the notes of the archive."""
    budget, found = budget_of(path.stat().st_size), {}
    wrapping = look(path)
    with open_container(path, kind or wrapping.container or "?", budget.left) as container:
        for member in container.members:
            found[member.name] = member.fault or _written(path, member.blocks(), budget)
    return found, container.notes


def _written(path: Path, blocks: Iterable[bytes], budget: bounds.Budget) -> bytes | str:
    target = path.with_name("member")
    try:
        lost = write_out(blocks, target, bound_of(path.stat().st_size), budget)
    except UnreadableError as error:
        return str(error)
    return f"{lost}: {target.stat().st_size}" if lost else target.read_bytes()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def tarred(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def sevenzipped(
    files: dict[str, bytes],
    filters: list[dict[str, int]] | None = None,
    password: str | None = None,
    *,
    hide_names: bool = False,
) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(
        out, "w", filters=filters, password=password, header_encryption=hide_names
    ) as archive:
        for name, content in files.items():
            archive.writestr(content, name)
    return out.getvalue()


def cabbed(files: dict[str, bytes], method: int = 1, flags: int = 0) -> bytes:
    """A cabinet of one folder, as [MS-CAB] describes it; the names of ``files`` are cp1252."""
    stream, blocks, history = b"".join(files.values()), [], b""
    for at in range(0, len(stream), 32768):
        plain = stream[at : at + 32768]
        packer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=history)
        data = b"CK" + packer.compress(plain) + packer.flush() if method else plain
        head = struct.pack("<HH", len(data), len(plain))
        blocks.append(struct.pack("<I", cab.checksum(head, data)) + head + data)
        history = plain
    names, offset = b"", 0
    for name, content in files.items():
        shape = struct.pack("<IIHHHH", len(content), offset, 0, 0, 0, 0)
        names += shape + name.replace("/", "\\").encode("cp1252") + b"\0"
        offset += len(content)
    start = 36 + 8 + len(names)
    folder = struct.pack("<IHH", start, len(blocks), method)
    head = struct.pack(
        "<4sIIIIIBBHHHHH", b"MSCF", 0, start + len(b"".join(blocks)), 0, 44, 0, 3, 1, 1,
        len(files), flags, 7, 0,
    )  # fmt: skip
    return head + folder + names + b"".join(blocks)


LZMA1, LZMA2 = lzma.FILTER_LZMA1, lzma.FILTER_LZMA2
CONTAINERS: dict[str, Pack] = {
    "zip": zipped,
    "zip-stored": lambda files: zipped(files, zipfile.ZIP_STORED),
    "zip-bzip2": lambda files: zipped(files, zipfile.ZIP_BZIP2),
    "zip-lzma": lambda files: zipped(files, zipfile.ZIP_LZMA),
    "tar-pax": tarred,
    "tar-gnu": lambda files: tarred(files, tarfile.GNU_FORMAT),
    "tar-ustar": lambda files: tarred(files, tarfile.USTAR_FORMAT),
    "7z": sevenzipped,
    "7z-lzma": lambda files: sevenzipped(files, [{"id": LZMA1}]),
    "7z-x86": lambda files: sevenzipped(files, [{"id": lzma.FILTER_X86}, {"id": LZMA2}]),
    "7z-zstd": lambda files: sevenzipped(files, [{"id": py7zr.FILTER_ZSTD, "level": 3}]),
    "7z-copy": lambda files: sevenzipped(files, [{"id": py7zr.FILTER_COPY}]),
    "7z-deflate64": lambda files: sevenzipped(files, [{"id": FILTER_DEFLATE64}]),
    "cab": cabbed,
    "cab-stored": lambda files: cabbed(files, 0),
}
STREAMS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
}
KINDS = ("zip", "tar-pax", "7z", "cab")


def kind_of(name: str) -> str:
    return name.split("-", maxsplit=1)[0]


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_member_comes_out_as_it_went_in(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(CONTAINERS[name](FILES))
    assert look(path) == Wrapping((), kind_of(name))
    assert contents(path) == (FILES, [])


@pytest.mark.parametrize("name", KINDS)
def test_an_archive_without_members_is_empty(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(CONTAINERS[name]({}))
    if kind_of(name) == "tar":
        assert look(path).container is None  # zeros and nothing else
    else:
        assert contents(path) == ({}, [])


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("times", [1, 2])
def test_a_compressed_file_is_that_file(kind: str, times: int, tmp_path: Path) -> None:
    path = tmp_path / "x"
    packed = STREAMS[kind](LOG) + STREAMS[kind](NOISE)  # one behind the other: what cat makes
    path.write_bytes(packed if times == 1 else gzip.compress(packed))
    assert look(path) == Wrapping(("gzip",) * (times - 1) + (kind,))
    copy, lost = unwrap(path, tmp_path, look(path))
    assert (copy.read_bytes(), lost) == (LOG + NOISE, None)


@pytest.mark.parametrize("kind", STREAMS)
def test_padding_with_zeros_ends_a_compressed_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(STREAMS[kind](LOG) + bytes(1536))
    copy, lost = unwrap(path, tmp_path, look(path))
    assert (copy.read_bytes(), lost) == (LOG, None)


@pytest.mark.parametrize("kind", STREAMS)
def test_a_cut_stream_gives_what_it_holds(kind: str, tmp_path: Path) -> None:
    path, content = (
        tmp_path / "x",
        b"".join(b"%d %s\n" % (n, NOISE[n : n + 9]) for n in range(60_000)),
    )
    path.write_bytes(STREAMS[kind](content)[:-400])
    copy, lost = unwrap(path, tmp_path, look(path))
    assert f"{kind} damaged after" in (lost or "")
    assert content.startswith(copy.read_bytes())


@pytest.mark.parametrize("kind", STREAMS)
def test_a_tar_in_a_compressed_file_is_a_container(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(STREAMS[kind](tarred(FILES)))
    assert look(path) == Wrapping((kind,), "tar")
    copy, lost = unwrap(path, tmp_path, look(path))
    assert lost is None
    assert contents(copy) == (FILES, [])


def test_what_only_begins_like_an_archive_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for head in (b"BZh is not bzip2", b"MSCF and so on", b"PK is a name", b"7z", b"\x1f\x8b", b""):
        path.write_bytes(head + b"\nmore\n" * 200)
        assert look(path) == Wrapping()


# Names


def test_names_are_shown_as_text_with_slashes_between_folders() -> None:
    assert shown_name("a\\b\\c.log") == "a/b/c.log"
    assert shown_name("x\n\x1b[2J\u202egol.\udcff") == "x\\n\\x1b[2J\\u202egol.\\udcff"
    assert shown_name("ü 漢 é!") == "ü 漢 é!"
    assert len(shown_name("x" * 70_000)) == 1001


def test_a_name_that_comes_twice_gets_a_number() -> None:
    assert numbered(["a", "b", "a", "a (2)", "a"]) == ["a", "b", "a (3)", "a (2)", "a (4)"]


@pytest.mark.parametrize("name", ["zip", "tar-pax"])
def test_both_members_of_one_name_are_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    parts = [CONTAINERS[name]({"a.log": text}) for text in (b"first", b"second, longer")]
    if name == "zip":
        out = io.BytesIO(parts[0])
        with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.log", "second, longer")
        path.write_bytes(out.getvalue())
    else:
        path.write_bytes(b"".join(parts))  # what cat makes of two tars
    assert contents(path) == ({"a.log": b"first", "a.log (2)": b"second, longer"}, [])


ESCAPES = ["../../evil.log", "/etc/evil.log", "C:\\evil.log", "a/../../evil.log", "\\\\srv\\x.log"]


@pytest.mark.parametrize("name", ["zip", "tar-gnu", "cab"])
def test_a_name_is_never_a_place_to_write_to(name: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "x"
    path.write_bytes(CONTAINERS[name]({text: text.encode() for text in ESCAPES}))
    found, notes = contents(path)
    assert found == {shown_name(text): text.encode() for text in ESCAPES}
    assert notes == []
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["in", "member", "x"]


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


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_of_tar_are_whole(form: int, tmp_path: Path) -> None:
    path = tmp_path / "x"
    files = {f"{'folder/' * 40}ä{n}.log": b"%d" % n for n in range(3)}
    path.write_bytes(tarred(files, form))
    assert contents(path) == (files, [])


# What is no plain file


def test_links_devices_and_folders_in_a_tar(tmp_path: Path) -> None:
    path, out = tmp_path / "x", io.BytesIO()
    kinds = {
        "folder": tarfile.DIRTYPE, "soft": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE,
        "fifo": tarfile.FIFOTYPE, "disk": tarfile.BLKTYPE, "tty": tarfile.CHRTYPE,
    }  # fmt: skip
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in kinds.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("after.log")
        info.size = 2
        archive.addfile(info, io.BytesIO(b"ok"))
    path.write_bytes(out.getvalue())
    found, notes = contents(path)
    assert notes == []
    assert found.pop("after.log") == b"ok"
    assert sorted(found) == ["disk", "fifo", "hard", "soft", "tty"]
    assert found["soft"] == found["hard"] == "a link: not followed"
    assert "not a regular file" in str(found["disk"])


def test_a_sparse_tar_member_is_named_and_not_misread(tmp_path: Path) -> None:
    path, out = tmp_path / "x", io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("sparse.log")
        info.size, info.pax_headers = 3, {"GNU.sparse.major": "1", "GNU.sparse.realsize": "9"}
        archive.addfile(info, io.BytesIO(b"0\n\n"))
    path.write_bytes(out.getvalue())
    assert "sparse" in str(contents(path)[0]["sparse.log"])


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


def test_links_in_a_7z(tmp_path: Path) -> None:
    (tmp_path / "real.log").write_bytes(LOG)
    (tmp_path / "link.log").symlink_to("real.log")
    (tmp_path / "folder").mkdir()
    with py7zr.SevenZipFile(tmp_path / "x", "w") as archive:
        for name in ("folder", "link.log", "real.log"):
            archive.write(tmp_path / name, name)
    assert contents(tmp_path / "x")[0] == {"link.log": "a link: not followed", "real.log": LOG}


# Encrypted, and packed by what is not known here


def encrypted_zip(method: int = 0) -> bytes:
    raw = bytearray(zipped({"a.log": LOG}))
    at = raw.rfind(b"PK\x01\x02")
    raw[6] |= 1
    raw[at + 8] |= 1
    if method:
        raw[8:10] = raw[at + 10 : at + 12] = struct.pack("<H", method)
    return bytes(raw)


@pytest.mark.parametrize("method", [0, 99], ids=["old", "AES"])
def test_an_encrypted_zip_says_so(method: int, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(encrypted_zip(method))
    assert "encrypted: unpack it with its password" in str(contents(tmp_path / "x")[0]["a.log"])


def test_an_encrypted_7z_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(sevenzipped({"a.log": LOG}, password="secret"))  # noqa: S106 - a test's
    assert "encrypted: unpack it with its password" in str(contents(path)[0]["a.log"])
    path.write_bytes(sevenzipped({"a.log": LOG}, password="secret", hide_names=True))  # noqa: S106
    with pytest.raises(UnreadableError, match="encrypted: unpack it with its password"):
        contents(path)


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


def test_a_7z_packed_with_ppmd_says_so(tmp_path: Path) -> None:
    ppmd = [{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}]
    (tmp_path / "x").write_bytes(sevenzipped({"a.log": LOG}, ppmd))
    assert "packed with PPMd: unpack it with 7-Zip" in str(contents(tmp_path / "x")[0]["a.log"])


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


# Damage


def test_a_zip_without_its_directory_is_read_by_the_headers_of_its_members(tmp_path: Path) -> None:
    raw = zipped(FILES)
    (tmp_path / "x").write_bytes(raw[: raw.find(b"PK\x01\x02")])
    found, (note,) = contents(tmp_path / "x")
    assert found == FILES
    assert note.startswith("lost: the zip's directory")


@pytest.mark.parametrize("stream", [False, True], ids=["sizes before", "sizes behind"])
def test_a_cut_zip_gives_the_members_before_the_cut(stream: bool, tmp_path: Path) -> None:  # noqa: FBT001
    out = io.BytesIO()
    with zipfile.ZipFile(Pipe(out) if stream else out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.log", "b.log", "c.log"):
            archive.writestr(name, name.encode() + LOG + NOISE)
    raw = out.getvalue()
    (tmp_path / "x").write_bytes(raw[: raw.find(b"c.log") + 5000])
    found, (note,) = contents(tmp_path / "x")
    assert note.startswith("lost:")
    assert found["a.log"] == b"a.log" + LOG + NOISE
    assert found["b.log"] == b"b.log" + LOG + NOISE
    assert "zip damaged after" in str(found["c.log"])


class Pipe(io.RawIOBase):
    """What cannot seek: sizes come behind the data."""

    def __init__(self, out: io.BytesIO) -> None:
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return self._out.write(data)


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


@pytest.mark.parametrize("name", ["zip", "zip-stored", "7z-copy"])
def test_a_damaged_member_fails_and_the_others_are_read(name: str, tmp_path: Path) -> None:
    files = {"a.log": LOG, "b.bin": NOISE, "c.log": LOG + LOG}
    raw = bytearray(CONTAINERS[name](files))
    raw[raw.find(NOISE[2000:2008]) if name != "zip" else raw.find(b"b.bin") + 3000] ^= 1
    (tmp_path / "x").write_bytes(raw)
    found, notes = contents(tmp_path / "x")
    assert (found["a.log"], found["c.log"], notes) == (LOG, LOG + LOG, [])
    assert "checksum does not fit" in str(found["b.bin"]) or "damaged" in str(found["b.bin"])


def test_members_behind_damage_in_a_solid_stream_are_said_lost(tmp_path: Path) -> None:
    raw = bytearray(cabbed({"a.log": LOG, "b.bin": NOISE, "c.log": LOG}))
    raw[raw.find(NOISE[40_000:40_004])] ^= 1  # MSZIP stores what does not shrink
    (tmp_path / "x").write_bytes(raw)
    found, _ = contents(tmp_path / "x")
    assert found["a.log"] == LOG
    assert "checksum does not fit" in str(found["b.bin"])
    assert "damaged before it" in str(found["c.log"])


def test_a_cut_tar_gives_the_members_before_the_cut(tmp_path: Path) -> None:
    raw = tarred({"a.log": LOG, "b.log": LOG, "c.log": LOG}, tarfile.GNU_FORMAT)
    (tmp_path / "x").write_bytes(raw[: raw.find(b"b.log") + 5000])
    found, (note,) = contents(tmp_path / "x")
    assert found["a.log"] == LOG
    assert "tar damaged after 4,488 unwrapped bytes" in str(found["b.log"])
    assert "no end mark" in note


def test_behind_a_damaged_tar_header_the_next_member_is_found(tmp_path: Path) -> None:
    raw = bytearray(tarred({"a.log": LOG, "b.log": LOG, "c.log": LOG}, tarfile.GNU_FORMAT))
    raw[raw.find(b"b.log")] ^= 1
    (tmp_path / "x").write_bytes(raw)
    found, (note,) = contents(tmp_path / "x")
    assert found == {"a.log": LOG, "c.log": LOG}
    assert note.startswith("lost: ")
    assert "no tar header" in note


def test_a_cut_7z_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(sevenzipped(FILES)[:-50])
    with pytest.raises(UnreadableError, match="copy it again"):
        contents(tmp_path / "x")


def test_a_cut_cabinet_gives_the_members_before_the_cut(tmp_path: Path) -> None:
    raw = cabbed({"a.log": LOG, "b.bin": NOISE, "c.log": LOG})
    (tmp_path / "x").write_bytes(raw[: raw.find(NOISE[50_000:50_004])])
    found, (note,) = contents(tmp_path / "x")
    assert found["a.log"] == LOG
    assert "cab damaged after" in str(found["b.bin"])
    assert "cabinet is cut" in note


def test_a_zip_behind_other_bytes_is_still_found_by_its_directory(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"MZ a program that unpacks itself" + zipped(FILES))
    assert contents(tmp_path / "x", "zip") == (FILES, [])


# Bombs


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
        found = [_written(tmp_path / "x", m.blocks(), budget) for m in container.members]
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


def test_shorter_members_come_first(tmp_path: Path) -> None:
    for name in ("zip", "tar-pax"):
        (tmp_path / "x").write_bytes(CONTAINERS[name]({"b": b"333", "c": b"1", "a": b"22"}))
        assert list(contents(tmp_path / "x")[0]) == ["c", "a", "b"]


# Whatever the bytes


@pytest.mark.parametrize("name", CONTAINERS)
def test_mutated_archives_never_crash(name: str, tmp_path: Path) -> None:
    random, path = Random(name), tmp_path / "x"  # noqa: S311
    files = {"a.log": LOG[:3000], "b/c.bin": NOISE[:2000], "d.log": b"short", "e": b""}
    whole = CONTAINERS[name](files)
    for _ in range(300):
        path.write_bytes(mutated(whole, random))
        try:
            found, notes = contents(path, kind_of(name))
        except (UnreadableError, DocumentError) as error:
            found, notes = {}, [str(error)]
        assert all(notes)
        assert all(text.isprintable() for text in found)


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


@pytest.mark.parametrize("kind", STREAMS)
def test_mutated_streams_never_crash(kind: str, tmp_path: Path) -> None:
    random, path = Random(kind), tmp_path / "x"  # noqa: S311
    whole = STREAMS[kind](tarred({"a.log": LOG[:3000], "b.bin": NOISE[:2000]}))
    for _ in range(300):
        path.write_bytes(mutated(whole, random))
        try:
            copy, _ = unwrap(path, tmp_path, look(path))
            assert copy.stat().st_size <= bound_of(path.stat().st_size)
        except UnreadableError as error:
            assert str(error)  # noqa: PT017 - either is right


def mutated(whole: bytes, random: Random) -> bytes:
    """Cut, flip, insert, repeat, or set a field to an extreme; often near the headers."""
    raw = bytearray(whole)
    for _ in range(random.randint(1, 4)):
        near = random.choice((len(raw), min(len(raw), 600)))
        at = (
            random.randrange(near)
            if random.random() < 0.7
            else len(raw) - 1 - random.randrange(near)
        )
        match random.randrange(6):
            case 0:
                del raw[at:]
            case 1:
                raw[at] ^= 1 << random.randrange(8)
            case 2:
                raw[at : at + 4] = random.choice((b"\xff" * 4, bytes(4), b"\xff\xff\xff\x7f"))
            case 3:
                raw[at:at] = random.choice((bytes(8), raw[at : at + 700], b"PK\x03\x04"))
            case 4:
                del raw[at : at + random.randint(1, 40)]
            case _:
                raw[at] = random.randrange(256)
        if not raw:
            return b"\0"
    return bytes(raw)


def test_the_headers_within_a_zip_agree_with_its_directory(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(zipped(FILES))
    with (tmp_path / "x").open("rb") as file:
        found = {entry.name: (entry.offset, entry.size) for entry in zip_local.entries(file)}
    with zipfile.ZipFile(tmp_path / "x") as archive:
        told = {info.filename: (info.header_offset, info.file_size) for info in archive.infolist()}
    assert found == told
