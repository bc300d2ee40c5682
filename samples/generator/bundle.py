"""A bundle on disk: text logs with their record counts, some of them gzipped."""

import gzip
import io
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Bundle:
    """A folder of logs being written, and how many records each file got."""

    out: Path
    name: str
    files: dict[str, int] = field(default_factory=dict)

    def write(self, path: str, data: bytes, records: int, *, pack: bool = False) -> None:
        """Write one file below the bundle's folder, as ``path.gz`` when packed."""
        if pack:
            path, data = f"{path}.gz", _packed(data)
        target = self.out / self.name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        self.files[path] = records


def _packed(data: bytes) -> bytes:
    """Return the bytes gzipped without the time or name that would differ between runs."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=0) as file:
        file.write(data)
    return buffer.getvalue()


def new_bundle(out: Path, name: str) -> Bundle:
    """Return an empty bundle; what an earlier run left in its folder goes."""
    shutil.rmtree(out / name, ignore_errors=True)
    return Bundle(out, name)


def write_truth(bundle: Bundle, truth: dict[str, Any]) -> None:
    """Write the truth beside the folder, where an analysis of the folder cannot see it."""
    path = bundle.out / f"{bundle.name}.truth.json"
    text = json.dumps(truth, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
