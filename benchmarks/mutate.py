"""Damage as strangers, disks and editors do it: one mutation of a file's bytes."""

import re
from collections.abc import Callable, Iterator, Sequence
from random import Random

Mutation = Callable[[bytes, Random], bytes]

WORDS = (
    b"#Fields: ", b"#Date: 9999-99-99 99:99:99\r\n", b"#Software: \r\n", b"\r\n\r\n", b"\x02",
    b"\x1e", b'"', b'""', b"'", b",", b"\t", b";", b"|", b"\\", b"<", b">", b"{", b"}", b"[", b"]",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>&a;", b"<Event ", b"</Event>", b"ElfChnk\0", b"LfLe", b"**\0\0",
    b"From x Mon Jan  1 00:00:00 2001\r\n", b'Content-Type: multipart/report; boundary="?"\r\n',
    b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"-1",
    b"99999999999999999999", b"1e999", b"NaN", b"0x", b"%s%n", b"2007-02-30 25:61:61",
    b"0000-00-00", b"=cmd|' /C calc'!A0", b"-" * 40, b" " * 400, b"," * 4000,
)  # fmt: skip
NUMBERS = (
    b"0", b"00", b"-1", b"60", b"2147483648", b"4294967296", b"9223372036854775808",
    b"340282366920938463463374607431768211456", b"1.5", b"1e400", b"9999", b"0001",
)  # fmt: skip
LARGEST_SEARCHED = 1 << 20


def cut(data: bytes, rng: Random) -> bytes:
    """Cut the file anywhere."""
    return data[: rng.randrange(len(data) + 1)]


def behead(data: bytes, rng: Random) -> bytes:
    """Take the beginning away."""
    return data[rng.randrange(len(data) + 1) :]


def flip(data: bytes, rng: Random) -> bytes:
    """Flip single bits."""
    damaged = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 30)) if data else 0):
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def zero(data: bytes, rng: Random) -> bytes:
    """Insert NULs, or overwrite a stretch with them, as a crash leaves it."""
    at, size = rng.randrange(len(data) + 1), rng.choice((1, 2, 7, 512, 4096))
    return data[:at] + bytes(size) + data[at + rng.choice((0, size)) :]


def swallow(data: bytes, rng: Random) -> bytes:
    """Take a stretch out of the middle."""
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.randrange(1, 3000) :]


def repeat(data: bytes, rng: Random) -> bytes:
    """Write a stretch twice."""
    at = rng.randrange(len(data) + 1)
    end = at + rng.randrange(1, 3000)
    return data[:end] + data[at:]


def spell(data: bytes, rng: Random) -> bytes:
    """Put a hostile word somewhere."""
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(WORDS) * rng.choice((1, 1, 1, 50)) + data[at:]


def lengthen(data: bytes, rng: Random) -> bytes:
    """Make a line long: some longer than DuckDB takes."""
    at = rng.randrange(len(data) + 1)
    unit, size = (
        rng.choice((b"a", b"a,", b'"', b"a\t", b"<", b"(", b" ")),
        rng.choice((300, 70_000)),
    )
    size = 2_500_000 if rng.random() < 0.01 else size  # noqa: PLR2004 - seldom, it is slow
    return data[:at] + unit * (size // len(unit)) + data[at:]


def shuffle(data: bytes, rng: Random) -> bytes:
    """Put lines in another order, headers too."""
    lines = data.splitlines(keepends=True)
    for _ in range(min(5, len(lines))):
        a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[a], lines[b] = lines[b], lines[a]
    return b"".join(lines)


def rewrite_ends(data: bytes, rng: Random) -> bytes:
    """Change line ends: CRLF, LF, CR, or all three mixed."""
    ends = rng.choice(((b"\r\n",), (b"\n",), (b"\r",), (b"\r\n", b"\n", b"\r", b"\r\r\n")))
    return b"".join(line + rng.choice(ends) for line in data.splitlines())


def recode(data: bytes, rng: Random) -> bytes:
    """Write the text in another encoding, with or without its mark."""
    text = data.decode("utf-8", "replace")
    encoding = rng.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252", "utf-7"))
    return text.encode(encoding, "replace")


def number(data: bytes, rng: Random) -> bytes:
    """Write another number where one stands: times out of range, counts, ports, versions."""
    places = list(re.finditer(rb"\d+", data[:LARGEST_SEARCHED]))
    if not places:
        return data
    match = rng.choice(places)
    same = bytes(rng.choice(b"0123456789") for _ in match.group())
    return data[: match.start()] + rng.choice((same, *NUMBERS)) + data[match.end() :]


def poke(data: bytes, rng: Random) -> bytes:
    """Overwrite a binary number by one at the edge of what its size holds."""
    size = rng.choice((1, 2, 4, 8))
    at = rng.randrange(len(data) // size + 1) * size
    edge = rng.choice((0, 1, 1 << (8 * size - 1), (1 << (8 * size - 1)) - 1, (1 << 8 * size) - 1))
    return data[:at] + edge.to_bytes(size, "little") + data[at + size :]


def splice(data: bytes, rng: Random) -> bytes:
    """Join two ends of the file that do not belong together."""
    return cut(data, rng) + behead(data, rng)


MUTATIONS: tuple[Mutation, ...] = (
    cut, behead, flip, flip, zero, swallow, repeat, spell, spell, lengthen, shuffle, rewrite_ends,
    recode, splice, number, number, poke,
)  # fmt: skip


def mutate(data: bytes, rng: Random) -> bytes:
    """Return the file with one to three kinds of damage."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = rng.choice(MUTATIONS)(data, rng)
    return data


def mutants(originals: Sequence[bytes], word: str, count: int) -> Iterator[bytes]:
    """Yield damaged copies; the same word gives the same ones."""
    rng = Random(word)
    for _ in range(count):
        yield mutate(rng.choice(originals), rng)
