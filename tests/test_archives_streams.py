"""Compressed files: what is in them comes out, bounded, and what is cut is said."""

import gzip
from pathlib import Path
from random import Random

import pytest

from logpipe.archives import (
    Wrapping,
    bound_of,
    look,
    unwrap,
)
from logpipe.errors import UnreadableError
from tests.archive_files import (
    FILES,
    LOG,
    NOISE,
    STREAMS,
    contents,
    mutated,
    tarred,
)


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
