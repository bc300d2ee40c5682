"""Archives of all kinds: what is in them comes out, and names are only names."""

import io
import zipfile
from pathlib import Path
from random import Random

import pytest

from logpipe.archives import (
    Wrapping,
    look,
)
from logpipe.archives.member import DocumentError, numbered, shown_name
from logpipe.errors import UnreadableError
from tests.archive_files import CONTAINERS, FILES, KINDS, LOG, NOISE, contents, kind_of, mutated


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


def test_what_only_begins_like_an_archive_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for head in (b"BZh is not bzip2", b"MSCF and so on", b"PK is a name", b"7z", b"\x1f\x8b", b""):
        path.write_bytes(head + b"\nmore\n" * 200)
        assert look(path) == Wrapping()


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


@pytest.mark.parametrize("name", ["zip", "zip-stored", "7z-copy"])
def test_a_damaged_member_fails_and_the_others_are_read(name: str, tmp_path: Path) -> None:
    files = {"a.log": LOG, "b.bin": NOISE, "c.log": LOG + LOG}
    raw = bytearray(CONTAINERS[name](files))
    raw[raw.find(NOISE[2000:2008]) if name != "zip" else raw.find(b"b.bin") + 3000] ^= 1
    (tmp_path / "x").write_bytes(raw)
    found, notes = contents(tmp_path / "x")
    assert (found["a.log"], found["c.log"], notes) == (LOG, LOG + LOG, [])
    assert "checksum does not fit" in str(found["b.bin"]) or "damaged" in str(found["b.bin"])


def test_shorter_members_come_first(tmp_path: Path) -> None:
    for name in ("zip", "tar-pax"):
        (tmp_path / "x").write_bytes(CONTAINERS[name]({"b": b"333", "c": b"1", "a": b"22"}))
        assert list(contents(tmp_path / "x")[0]) == ["c", "a", "b"]


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
