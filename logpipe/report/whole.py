"""Writes a file whole or not at all."""

import os
from pathlib import Path

from logpipe.errors import LogpipeError


def write_whole(text: str, path: Path) -> None:
    r"""Write UTF-8 beside the path and move it there, so that no reader ever sees half of it.

    A lone surrogate (a file name that is not UTF-8) is written as ``\udce4``, which JSON reads
    back as the same name.
    """
    write_bytes(text.encode("utf-8", "backslashreplace"), path)


def write_bytes(content: bytes, path: Path) -> None:
    """Write a file beside the path and move it there, so that no reader ever sees half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise LogpipeError(
            f"{path}: cannot be written: {error.strerror}; choose another folder with --out"
        ) from error
    finally:
        beside.unlink(missing_ok=True)
