"""The configuration of nightly runs: one TOML file, every key checked, paths beside that file.

Secrets are never in it: a password or an address with a token is named by the environment variable
that holds it.
"""

import os
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec

from logpipe.errors import ConfigError

Days = Annotated[int, msgspec.Meta(ge=1, le=36_500)]
Hours = Annotated[float, msgspec.Meta(gt=0, le=87_600)]


class Suppression(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Incidents that are known and need no attention until a day; who wrote it says why."""

    reason: Annotated[str, msgspec.Meta(min_length=3)]
    until: date
    rule: str | None = None
    host: str | None = None
    incident: str | None = None


class Keep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long rows of logs, and reports of nights, are kept."""

    data_days: Days = 400
    report_days: Days = 400


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a nightly run reads, where it writes, and what it leaves out; paths are absolute."""

    folders: Annotated[list[str], msgspec.Meta(min_length=1)]
    store: str = "logpipe.duckdb"
    reports: str = "reports"
    look_back_days: Days = 14
    zones: dict[str, str] = {}
    rules: str | None = None
    suppress: list[Suppression] = []
    keep: Keep = Keep()

    @property
    def log(self) -> Path:
        """The file that schedulers without a log of their own write to: beside the store."""
        return Path(self.store).with_suffix(".log")


def read_config(path: Path) -> Config:
    """Read a configuration; raises ConfigError, naming the key, where it is not one."""
    try:
        with path.open("rb") as file:
            told = tomllib.load(file)
        config = msgspec.convert(told, Config)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; write one with 'logpipe init'") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}") from error
    for number, one in enumerate(config.suppress, 1):
        if not (one.rule or one.host or one.incident):
            raise ConfigError(f"{path}: suppress {number}: name a rule, a host or an incident")
    return _placed(config, path.absolute().parent)


def _placed(config: Config, folder: Path) -> Config:
    """Return the configuration with paths made absolute, from the folder of its file."""

    def place(name: str) -> str:
        return os.path.normpath(folder / name)

    return msgspec.structs.replace(
        config,
        folders=[place(name) for name in config.folders],
        store=place(config.store),
        reports=place(config.reports),
        rules=place(config.rules) if config.rules else None,
    )
