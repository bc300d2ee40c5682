"""The sample that ships with logpipe: a relay whose mail sat idle until a restart."""

import shutil
from pathlib import Path
from typing import Any

from logpipe.analyze import analyze
from logpipe.errors import LogpipeError
from logpipe.rules import load_rules


def sample_dir() -> Path:
    """Return the sample: logpipe/sample in a wheel, that of samples/ in a checkout."""
    packaged = Path(__file__).parent / "sample"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "samples" / "gateway2003"


def run_demo(folder: Path) -> dict[str, Any]:
    """Copy the sample into a folder and analyse it there; returns the report."""
    logs = folder / "logs"
    if folder.exists() and any(path.name not in {"logs", "out"} for path in folder.iterdir()):
        raise LogpipeError(f"{folder}: holds other files; choose a folder that is not there yet")
    shutil.copytree(sample_dir(), logs, dirs_exist_ok=True)
    return analyze([logs], folder / "out", load_rules(None), force=False)
