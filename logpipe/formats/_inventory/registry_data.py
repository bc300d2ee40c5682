"""Data of registry values: type numbers, bytes and texts, as registry_value shows them."""

import re
from typing import NamedTuple

TYPES = {
    0: "REG_NONE", 1: "REG_SZ", 2: "REG_EXPAND_SZ", 3: "REG_BINARY", 4: "REG_DWORD",
    5: "REG_DWORD_BIG_ENDIAN", 6: "REG_LINK", 7: "REG_MULTI_SZ", 8: "REG_RESOURCE_LIST",
    9: "REG_FULL_RESOURCE_DESCRIPTOR", 10: "REG_RESOURCE_REQUIREMENTS_LIST", 11: "REG_QWORD",
}  # fmt: skip
TEXTS = {"REG_SZ", "REG_EXPAND_SZ", "REG_LINK"}
NUMBERS = {"REG_DWORD": 4, "REG_DWORD_BIG_ENDIAN": 4, "REG_QWORD": 8}  # bytes
HEXADECIMAL = re.compile(r"^0[xX]([0-9A-Fa-f]{1,16})$")


class Data(NamedTuple):
    """What a value holds: as text, and as two's complement where it is a number."""

    value: str | None
    number: int | None = None
    flaw: str | None = None


def number_data(unsigned: int, size: int) -> Data:
    """Return a number of so many bytes: its text is unsigned, its number two's complement."""
    signed = unsigned - (1 << 8 * size) if unsigned >> (8 * size - 1) else unsigned
    return Data(str(unsigned), signed)


def bytes_data(raw: bytes, kind: str, *, wide: bool) -> Data:
    """Return the data of a ``hex(n):`` value; ``wide`` says that texts are UTF-16."""
    if kind in NUMBERS and len(raw) == NUMBERS[kind]:
        order = "big" if kind.endswith("BIG_ENDIAN") else "little"
        return number_data(int.from_bytes(raw, "big" if order == "big" else "little"), len(raw))
    if kind == "REG_MULTI_SZ" or kind in TEXTS:
        if wide and len(raw) % 2:
            return Data(raw.hex().upper(), flaw="half a character at its end")
        text = raw.decode("utf-16-le" if wide else "cp1252", "replace").rstrip("\0")
        return Data(text.replace("\0", "\n" if kind == "REG_MULTI_SZ" else "\u2400"))
    return Data(raw.hex().upper())


def queried_data(text: str, kind: str) -> Data:
    r"""Return the data of a value as reg query shows it: 0x3e8, a\0b, 01AF."""
    if kind in NUMBERS:
        match = HEXADECIMAL.match(text)
        if match is None or int(match[1], 16) >> (8 * NUMBERS[kind]):
            return Data(text, flaw="no number")
        return number_data(int(match[1], 16), NUMBERS[kind])
    if kind == "REG_MULTI_SZ":
        return Data(text.replace("\\0", "\n").rstrip("\n"))
    return Data(text)
