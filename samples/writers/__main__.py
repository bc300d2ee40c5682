"""Write every format's sample anew: one folder under ``samples/inputs`` for each module here."""

import shutil
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import samples.writers

INPUTS = Path(__file__).parents[1] / "inputs"


def write_all(inputs: Path) -> None:
    """Run every writer; a module that begins with _ is a helper."""
    for module in iter_modules(samples.writers.__path__):
        if not module.name.startswith("_"):
            folder = inputs / module.name
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            import_module(f"samples.writers.{module.name}").write(folder)


if __name__ == "__main__":
    write_all(INPUTS)
