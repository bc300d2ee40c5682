"""The configuration of nightly runs: one TOML file, every key checked, paths beside that file.

Secrets are never in it: a password or an address with a token is named by the environment variable,
the file of its own or the keyring entry that holds it.
"""

import os
import tomllib
from collections.abc import Set as AbstractSet
from datetime import date
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec

from logpipe.errors import ConfigError

Days = Annotated[int, msgspec.Meta(ge=1, le=36_500)]
Hours = Annotated[float, msgspec.Meta(gt=0, le=87_600)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=600)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65_535)]
Address = Annotated[str, msgspec.Meta(pattern=r'^[^@\s<>(),;:"\\]+@[^@\s<>(),;:"\\]+\Z')]
Variable = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\Z")]
Entry = Annotated[str, msgspec.Meta(min_length=1)]
Severity = Literal["info", "low", "medium", "high", "critical"]
PORTS = {"starttls": 587, "tls": 465, "none": 25}


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


class Secret(NamedTuple):
    """Where a secret stands: a variable of the environment, a file, or the system's keyring."""

    env: str | None = None
    file: str | None = None
    keyring: str | None = None

    @property
    def name(self) -> str:
        """What it is called, which is no secret."""
        return self.env or self.file or f"keyring entry {self.keyring}"


class Receiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who gets a night's report, and in which nights: in all, if nothing is said."""

    min_severity: Severity | None = None
    only_changes: bool = False
    timeout_s: Seconds = 30.0


class Mail(Receiver, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The server that takes mail, and who gets it."""

    host: Annotated[str, msgspec.Meta(min_length=1)]
    sender: Address = msgspec.field(name="from")
    to: Annotated[list[Address], msgspec.Meta(min_length=1)]
    security: Literal["starttls", "tls", "none"] = "starttls"
    port: Port | None = None
    ca_file: str | None = None
    username: str | None = None
    password_env: Variable | None = None
    password_file: Entry | None = None
    password_keyring: Entry | None = None
    subject: str = "logpipe"
    attach: Literal["html", "zip", "none"] = "html"
    charts: bool = True

    @property
    def at_port(self) -> int:
        """The port, or the usual one."""
        return self.port or PORTS[self.security]

    @property
    def password(self) -> Secret:
        """Where the password stands."""
        return Secret(self.password_env, self.password_file, self.password_keyring)


class Hook(Receiver, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An address that is told of a night; it carries a token, so that only its place is named."""

    url_env: Variable | None = None
    url_file: Entry | None = None
    url_keyring: Entry | None = None

    @property
    def url(self) -> Secret:
        """Where the address stands."""
        return Secret(self.url_env, self.url_file, self.url_keyring)


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
    reports_url: Annotated[str, msgspec.Meta(pattern=r"^https?://[!-~]+\Z")] | None = None
    mail: Mail | None = None
    notify: list[Hook] = []
    webhook: list[Hook] = []

    @property
    def log(self) -> Path:
        """The file that schedulers without a log of their own write to: beside the store."""
        return Path(self.store).with_suffix(".log")

    @property
    def variables(self) -> list[str]:
        """The environment variables that hold secrets, which a scheduler does not know."""
        secrets = [one.url for one in (*self.notify, *self.webhook)]
        secrets += [self.mail.password] if self.mail else []
        return sorted({secret.env for secret in secrets if secret.env})


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
    except ValueError as error:
        raise ConfigError(f"{path}: a number or date is out of all bounds") from error
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply") from None
    for number, one in enumerate(config.suppress, 1):
        if not (one.rule or one.host or one.incident):
            raise ConfigError(f"{path}: suppress {number}: name a rule, a host or an incident")
    _check_delivery(config, path)
    _check_paths(config, path)
    return _placed(config, path.absolute().parent)


def check_suppressed(config: Config, rules: AbstractSet[str], path: Path) -> None:
    """Raise ConfigError where a suppression names a rule that there is not."""
    for number, one in enumerate(config.suppress, 1):
        if one.rule and one.rule not in rules:
            near = get_close_matches(one.rule, sorted(rules), 1, cutoff=0.5)
            hint = f"is {near[0]} meant?" if near else "'logpipe rules' lists them"
            raise ConfigError(f"{path}: suppress {number}: no rule '{one.rule}'; {hint}")


def _check_delivery(config: Config, path: Path) -> None:
    """Raise where a secret has no place, or a password would travel in clear."""
    mail = config.mail
    secrets = {f"notify {n}: url": one.url for n, one in enumerate(config.notify, 1)}
    secrets |= {f"webhook {n}: url": one.url for n, one in enumerate(config.webhook, 1)}
    if mail and (mail.username or mail.password != Secret()):
        secrets["mail: password"] = mail.password
        if mail.username is None:
            raise ConfigError(f"{path}: mail: a password needs a username")
        if mail.security == "none" and not _is_here(mail.host):
            raise ConfigError(f'{path}: mail: a password needs security = "starttls" or "tls"')
    for place, secret in secrets.items():
        if secret == Secret():
            name = place.partition(": ")[2]
            raise ConfigError(f"{path}: {place}: give {name}_env, {name}_file or {name}_keyring")


def _check_paths(config: Config, path: Path) -> None:
    """Raise where a path is one that no system has, or the store is none of a file."""
    ca_file = config.mail.ca_file if config.mail else None
    given = [*config.folders, config.store, config.reports, config.rules, ca_file]
    given += secret_files(config)
    if odd := [one for one in given if one and "\0" in one]:
        raise ConfigError(f"{path}: {odd[0]}: a path cannot hold a NUL")
    if not Path(os.path.normpath(path.absolute().parent / config.store)).name:
        raise ConfigError(f"{path}: store: {config.store}: name a file")


def secret_files(config: Config) -> list[str]:
    """Return the files that hold secrets: they are no logs, wherever they lie."""
    hooks = [hook.url.file for hook in (*config.notify, *config.webhook)]
    mail = config.mail.password.file if config.mail else None
    return [file for file in (mail, *hooks) if file]


def _is_here(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
        mail=_placed_mail(config.mail, folder),
        notify=[_placed_hook(hook, folder) for hook in config.notify],
        webhook=[_placed_hook(hook, folder) for hook in config.webhook],
    )


def _placed_mail(mail: Mail | None, folder: Path) -> Mail | None:
    """Return how mail goes, with its paths made absolute."""
    if mail is None:
        return None
    paths = {"ca_file": mail.ca_file, "password_file": mail.password_file}
    placed = {name: os.path.normpath(folder / path) for name, path in paths.items() if path}
    return msgspec.structs.replace(mail, **placed)


def _placed_hook(hook: Hook, folder: Path) -> Hook:
    """Return an address with the path of its file made absolute."""
    if hook.url_file is None:
        return hook
    return msgspec.structs.replace(hook, url_file=os.path.normpath(folder / hook.url_file))
