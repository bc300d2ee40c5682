"""Secrets of delivery: read where they stand, kept out of every message."""

import os
import re
from base64 import b64encode
from pathlib import Path
from urllib.parse import unquote, urlsplit

from logpipe.config import Secret
from logpipe.errors import DeliveryError
from logpipe.report.text import clean, clip, fold

OTHERS = 0o077  # what the group and everybody may do
SERVICE = "logpipe"  # under which entries of the keyring stand
SHORTEST = 4  # characters of a part of an address that may be a secret
LONGEST = 300  # characters of a fault
URL_SAFE = str.maketrans("+/", "-_")  # the other alphabet of base64
PARTS = re.compile(r"[/?&=;#:@+,]+")


def read_secret(secret: Secret) -> str:
    """Return a secret from the first place that has it; raises DeliveryError where none does."""
    if secret.env is not None and (value := os.environ.get(secret.env, "").strip()):
        return value
    if secret.file is not None:
        return _from_file(Path(secret.file))
    if secret.keyring is not None:
        return _from_keyring(secret.keyring)
    raise DeliveryError(f"environment variable {secret.env} is not set")


def _from_file(path: Path) -> str:
    """Return the secret that is the first line of a file which its owner alone may read."""
    try:
        with path.open(encoding="utf-8") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & OTHERS:
                raise DeliveryError(f"{path}: others may read or write it; run 'chmod 600' on it")
            value = file.readline().strip()
    except OSError as error:
        raise DeliveryError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise DeliveryError(f"{path}: not UTF-8") from None
    if not value:
        raise DeliveryError(f"{path}: is empty; its first line is to be the secret")
    return value


def _from_keyring(entry: str) -> str:
    """Return a secret of the system's keyring."""
    try:
        import keyring  # noqa: PLC0415 - an extra, and slow to load
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError as error:
        raise DeliveryError(
            f"keyring entry {entry}: install keyring, or name an environment variable"
        ) from error
    try:
        value = keyring.get_password(SERVICE, entry)
    except KeyringError as error:
        raise DeliveryError(f"keyring entry {entry}: the keyring cannot be read") from error
    if not value:
        told = f"keyring set {SERVICE} {entry}"
        raise DeliveryError(f"keyring entry {entry} is not there; make it with '{told}'")
    return value


def stands(secret: Secret) -> str:
    """Return whether a secret is there."""
    try:
        return "set" if read_secret(secret) else "not set"
    except DeliveryError:
        return "not set"


def fault_words(error: object, *secrets: str) -> str:
    """Return what went wrong on one line, without any secret, nor a telling part of one."""
    said = str(error)
    for secret in filter(None, secrets):
        for core in _coded(secret):
            said = re.sub(f"[A-Za-z0-9+/_-]*{re.escape(core)}[A-Za-z0-9+/_=-]*", "***", said)
    hidden = {part for secret in secrets if secret for part in _parts(secret)}
    hidden |= {clean(fold(part)) for part in hidden}
    hidden = {part for part in hidden if part}
    said = _masked(clean(fold(_masked(said, hidden))), hidden)
    return clip(said, LONGEST) or type(error).__name__


def _masked(said: str, hidden: set[str]) -> str:
    for part in sorted(hidden, key=lambda part: (-len(part), part)):
        said = said.replace(part, "***")
    return said


def _coded(secret: str) -> set[str]:
    """Return what base64 makes of a secret, wherever it stands among other bytes."""
    given = secret.encode("utf-8", "surrogateescape")
    cores = set()
    for before in range(3):
        coded = b64encode(b"\0" * before + given).decode()
        core = coded[-(-before * 8 // 6) : (before + len(given)) * 8 // 6]
        if len(core) >= SHORTEST:
            cores |= {core, core.translate(URL_SAFE)}
    return cores


def _parts(secret: str) -> set[str]:
    """Return a secret, and what of an address may be a token: all but its scheme and host."""
    if "://" not in secret:
        return {secret}
    told = urlsplit(secret)
    behind = secret.partition("://")[2]
    parts = {secret, behind, *PARTS.split(behind), *PARTS.split(unquote(behind))}
    return {part for part in parts if len(part) >= SHORTEST and part != told.hostname}
