"""Text as Windows programs leave it in a file: line ends and encodings."""

import codecs
from pathlib import Path


def put(path: Path, text: str, *, encoding: str = "utf-8", end: str = "\r\n") -> None:
    """Write lines with this line end; utf-16 is little-endian with its mark, as Windows has it."""
    raw = text.replace("\n", end)
    if encoding == "utf-16":
        path.write_bytes(codecs.BOM_UTF16_LE + raw.encode("utf-16-le"))
    else:
        path.write_bytes(raw.encode(encoding))
