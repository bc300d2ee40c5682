"""A bundle on disk: text logs with their record counts, some of them gzipped."""

import gzip
import io
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samples.generator.difficulty import Difficulty

COPIED, HOLED, CUT = 0.05, 0.02, 0.03  # shares of files that meet this in a hard bundle


@dataclass(slots=True)
class Bundle:
    """A folder of logs being written, and how many records each file got."""

    out: Path
    name: str
    files: dict[str, int] = field(default_factory=dict)
    difficulty: Difficulty = field(default_factory=Difficulty)
    harmed: set[str] = field(default_factory=set)  # files whose end is damaged

    def write(self, path: str, data: bytes, records: int, *, pack: bool = False) -> None:
        """Write one file below the bundle's folder, as ``path.gz`` when packed."""
        if self.difficulty.hard:
            data, records = self._harm(path, data, records, f"{path}.gz" if pack else path)
            if self.difficulty.dice("copy", path).random() < COPIED:
                self._put(f"backup/{path}", data)
        if pack:
            path, data = f"{path}.gz", _packed(data)
        self._put(path, data)
        self.files[path] = records

    def _put(self, path: str, data: bytes) -> None:
        target = self.out / self.name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def _harm(self, path: str, data: bytes, records: int, name: str) -> tuple[bytes, int]:
        """Lose some lines of a text log, or cut a log off in its last record."""
        dice = self.difficulty.dice("harm", path)
        draw = dice.random()
        if path.lower().endswith(".log") and draw < HOLED and b"\n\n" not in data:
            lines = data.splitlines(keepends=True)
            first = dice.randrange(len(lines) // 2, len(lines))
            lost = range(first, min(len(lines), first + 1 + len(lines) // 20))
            kept = [line for number, line in enumerate(lines) if number not in lost]
            headings = sum(lines[number].startswith(b"#") for number in lost)
            return b"".join(kept), records - len(lost) + headings
        if path.lower().endswith((".log", ".evt", ".csv")) and draw < HOLED + CUT:
            self.harmed.add(name)
            return data[: -dice.randrange(5, 40)], records
        return data, records


def _packed(data: bytes) -> bytes:
    """Return the bytes gzipped without the time or name that would differ between runs."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=0) as file:
        file.write(data)
    return buffer.getvalue()


def new_bundle(out: Path, name: str, difficulty: Difficulty | None = None) -> Bundle:
    """Return an empty bundle; what an earlier run left in its folder goes."""
    shutil.rmtree(out / name, ignore_errors=True)
    bundle = Bundle(out, name, difficulty=difficulty or Difficulty())
    if bundle.difficulty.hard:  # what lies about in such folders
        for path, text in NOISE.items():
            bundle._put(path, text.encode())  # noqa: SLF001 - no log, so it is in no books
    return bundle


NOISE = {
    "readme.txt": "Copied from the servers on Friday, some of it twice.\r\nCall me. J.\r\n",
    "desktop.ini": "[.ShellClassInfo]\r\nIconResource=C:\\WINDOWS\\system32\\SHELL32.dll,4\r\n",
    "tools/collect.cmd": "@echo off\r\nxcopy /s %1 %2\r\n",
}


def write_truth(bundle: Bundle, truth: dict[str, Any]) -> None:
    """Write the truth beside the folder, where an analysis of the folder cannot see it."""
    path = bundle.out / f"{bundle.name}.truth.json"
    text = json.dumps(truth, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
