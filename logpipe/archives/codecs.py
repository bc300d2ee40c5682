"""Decompressors of one shape, whatever library they come from, and streams unpacked by them."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import inflate64

from logpipe.archives.member import BLOCK, LostError

MEMORY = 1 << 30  # bytes that a decompressor may need: xz says so in its header


class Codec(Protocol):
    """What the decompressors of bz2, lzma and zstd have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""

    @property
    def needs_input(self) -> bool:
        """Whether more packed bytes are needed before more can come."""

    @property
    def unused_data(self) -> bytes:
        """Return packed bytes behind the end of the stream."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take packed bytes, give unpacked ones."""


class Deflate:
    """The decompressor of zlib in that shape; ``wbits`` as there."""

    def __init__(self, wbits: int, history: bytes = b"") -> None:
        """Begin a stream; ``history`` is what it may point back into."""
        self._zlib = zlib.decompressobj(wbits, zdict=history)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        """Return packed bytes behind the end of the stream."""
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take packed bytes, give at most so many unpacked ones."""
        block = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self.needs_input = not self._zlib.unconsumed_tail and len(block) < max_length
        return block


class Deflate64:
    """Windows' own "compressed folders" write it for files above 2 GB."""

    STEP = 1024  # packed bytes at a time: they may grow 29,000 times, and no bound can be given

    def __init__(self) -> None:
        """Begin a stream."""
        self._inflater = inflate64.Inflater()
        self._waiting = b""
        self.unused_data = b""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""
        return bool(self._inflater.eof)

    @property
    def needs_input(self) -> bool:
        """Whether more packed bytes are needed before more can come."""
        return not self._waiting

    def decompress(self, data: bytes, max_length: int) -> bytes:  # noqa: ARG002 - see STEP
        """Take packed bytes, give what a step of them unpacks to."""
        waiting = self._waiting + data
        self._waiting = waiting[self.STEP :]
        return bytes(self._inflater.inflate(waiting[: self.STEP]))


def zstd() -> Codec:
    """Return a decompressor of Zstandard; loaded when needed, which keeps the start quick."""
    from backports.zstd import ZstdDecompressor  # noqa: PLC0415

    return ZstdDecompressor()


def damages() -> tuple[type[Exception], ...]:
    """Return what decompressors raise on damaged data; bz2 has OSError for that."""
    from backports.zstd import ZstdError  # noqa: PLC0415

    return (
        zlib.error, lzma.LZMAError, ZstdError, OSError, ValueError, EOFError, MemoryError,
    )  # fmt: skip


STREAMS: dict[str, tuple[bytes, Callable[[], Codec]]] = {  # kind: first bytes, decompressor
    "gzip": (b"\x1f\x8b\x08", lambda: Deflate(31)),
    "bzip2": (b"BZh", bz2.BZ2Decompressor),
    "xz": (b"\xfd7zXZ\x00", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)),
    "zstd": (b"\x28\xb5\x2f\xfd", zstd),
}
BZIP2_BLOCK = (b"1AY&SY", b"\x17rE8P\x90")  # behind BZh and the level: a block, or the end


def stream_kind(head: bytes) -> str | None:
    """Return which compressor wrote a file that begins so."""
    for kind, (magic, _) in STREAMS.items():
        if head.startswith(magic) and (kind != "bzip2" or head[4:10] in BZIP2_BLOCK):
            return kind
    return None


def unpacked(
    packed: Iterator[bytes], kind: str, make: Callable[[], Codec] | None = None
) -> Iterator[bytes]:
    """Yield what a compressed stream unpacks to; raises LostError where it is cut or damaged.

    Streams that follow each other are one, as the compressors' own tools have it; with a
    decompressor of one's own (``make``), there is one stream and what follows it is nobody's.
    """
    codec, begun, padded, broken = (make or STREAMS[kind][1])(), False, False, damages()
    for block in packed:
        feed = block.lstrip(b"\0") if padded else block
        while feed or (begun and not codec.needs_input):
            out = _step(codec, feed, kind, broken)
            feed, begun, padded = b"", True, False
            if out:
                yield out
            if codec.eof:
                if make:
                    return
                feed = codec.unused_data.lstrip(b"\0")  # padding between streams
                codec, begun, padded = STREAMS[kind][1](), False, True
    if begun or make:
        raise LostError(kind, "the stream is cut")


def _step(codec: Codec, feed: bytes, kind: str, broken: tuple[type[Exception], ...]) -> bytes:
    try:
        return codec.decompress(feed, BLOCK)
    except broken as error:
        raise LostError(kind, str(error) or type(error).__name__) from error


def raw_lzma(properties: bytes) -> Any:
    """Return the decompressor of an LZMA stream without a header, as zip has it."""
    # the five bytes: lc + 9 * (lp + 5 * pb), then the size of the dictionary
    first, dictionary = properties[0], int.from_bytes(properties[1:5], "little")
    filters = [
        {
            "id": lzma.FILTER_LZMA1,
            "dict_size": max(4096, min(dictionary, MEMORY)),
            "lc": first % 9,
            "lp": first // 9 % 5,
            "pb": first // 45,
        }
    ]
    try:
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
    except lzma.LZMAError as error:
        raise LostError("zip", f"LZMA properties {properties.hex()}") from error
