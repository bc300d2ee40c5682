"""The first configuration: the commented file that ``logpipe init`` writes."""

import json
from pathlib import Path

from logpipe.config import read_config
from logpipe.errors import LogpipeError

TEMPLATE = Path(__file__).parent / "starter.toml"
FOLDERS = 'folders = ["logs"]'


def starter(folders: list[str]) -> str:
    """Return the text of a configuration that reads these folders, or ``logs`` where none is."""
    text = TEMPLATE.read_text("utf-8")
    if not folders:
        return text
    # JSON and TOML write texts alike, but for DEL
    told = ", ".join(json.dumps(name, ensure_ascii=False) for name in folders)
    return text.replace(FOLDERS, f"folders = [{told}]".replace("\x7f", "\\u007f"))


def write_config(folder: Path, logs: list[Path], *, force: bool) -> Path:
    """Write ``logpipe.toml`` into a folder; raises LogpipeError where there is one already."""
    path = folder / "logpipe.toml"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        text = starter([str(log.absolute()) for log in logs])
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise LogpipeError(f"{path}: is there already; --force overwrites it") from error
    except UnicodeEncodeError as error:
        raise LogpipeError(f"{path}: a folder's name is not UTF-8; TOML cannot name it") from error
    read_config(path)  # what init writes is a configuration, whatever the names are
    return path
