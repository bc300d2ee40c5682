"""Registry keys: the path of a key as written, and in the form in which keys are compared."""

import re
from typing import NamedTuple, Self

from logpipe.formats._inventory.document import LONGEST_PLACE, RefusedError

HIVES = {
    "hklm": "hkey_local_machine", "hkcu": "hkey_current_user", "hkcr": "hkey_classes_root",
    "hku": "hkey_users", "hkcc": "hkey_current_config",
}  # fmt: skip
PATH = re.compile(r"(?i)(?:HKEY_[A-Z_]+|HKLM|HKCU|HKCR|HKU|HKCC)(?:\\.*)?")
CONTROL_SET = re.compile(r"\\controlset(\d{3})(?=\\|$)")


class KeyPath(NamedTuple):
    """One key: ``folded`` is in lower case, with its hive in full and without set number."""

    written: str
    folded: str
    control_set: int | None
    deleted: bool

    @classmethod
    def of(cls, line: str) -> Self | None:
        """Return the key that a line names, or None; raises RefusedError where it is too long."""
        written, deleted = _unbracketed(line)
        if not PATH.fullmatch(written):
            return None
        if len(written) > LONGEST_PLACE:
            raise RefusedError(f"a key of over {LONGEST_PLACE:,} characters")
        hive, slash, path = written.lower().partition("\\")
        folded = HIVES.get(hive, hive) + slash + path
        number = CONTROL_SET.search(folded)
        return cls(
            written,
            CONTROL_SET.sub(r"\\currentcontrolset", folded),
            int(number[1]) if number else None,
            deleted,
        )


def names_key(line: str) -> bool:
    """Return whether a line names a key."""
    return PATH.fullmatch(_unbracketed(line)[0]) is not None


def _unbracketed(line: str) -> tuple[str, bool]:
    """Return the path in [HKEY_...] or [-HKEY_...], which deletes, or reg query's bare one."""
    if line.startswith("[") and line.endswith("]"):
        return line[1:-1].removeprefix("-"), line.startswith("[-")
    return line, False
