"""Tar archives: their members, and what is no plain file."""

import io
import tarfile
from pathlib import Path

import pytest

from tests.archive_files import LOG, contents, tarred


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_of_tar_are_whole(form: int, tmp_path: Path) -> None:
    path = tmp_path / "x"
    files = {f"{'folder/' * 40}ä{n}.log": b"%d" % n for n in range(3)}
    path.write_bytes(tarred(files, form))
    assert contents(path) == (files, [])


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
