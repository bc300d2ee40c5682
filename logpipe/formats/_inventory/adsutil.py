"""What ``cscript adsutil.vbs enum SMTPSVC/1`` prints: a property a line, lists below a count."""

import re
from dataclasses import dataclass
from typing import Self

from logpipe.formats._inventory.document import (
    LONGEST_PLACE,
    Document,
    Record,
    RefusedError,
    Role,
    Row,
)
from logpipe.formats._inventory.sheet import whole_number

# SmtpRemoteProgressiveRetry      : (STRING) "15,30,60,240"
PROPERTY = re.compile(
    r"^(\w{1,100})\s{0,100}: \((STRING|INTEGER|LIST|BOOLEAN|BINARY|EXPANDSZ|EXPANDSZ_STRING|MULTISZ"
    r"|DWORD|MIMEMAPLIST|IPSECURITY|NTACL|UNKNOWN|BINARY DATA)\)(.*)$",
    re.IGNORECASE,
)
SECTION = re.compile(r"^\[(/?[^\]]*)\]$")  # [/SMTPSVC/1/Domain]
ORNAMENT = re.compile(r"^(?:Microsoft \(R\) Windows Script Host|Copyright \(C\) Microsoft)")
COMMAND = re.compile(r"(?i)\badsutil(?:\.vbs)?\s+enum(?:_all)?\s+(\S{1,200})")
TRUTH = {"true": 1, "false": 0}


def is_adsutil(text: str) -> bool:
    """Return whether a line is one of adsutil's, or the command that ran it."""
    if PROPERTY.match(text) or SECTION.match(text) or ORNAMENT.match(text):
        return True
    return COMMAND.search(text[:1000]) is not None


def adsutil_role(text: str, held: Record | None) -> Role:
    """Return what a line is: a list's items are indented below it."""
    if not text or ORNAMENT.match(text) or COMMAND.search(text[:1000]):
        return Role.SKIP
    if text.startswith((" ", "\t")) and held and not SECTION.match(held.first):
        return Role.MORE
    return Role.START


@dataclass(slots=True)
class Enumeration:
    """Makes rows of the properties; the section is the last key that was named."""

    section: str | None = None

    @classmethod
    def of(cls, document: Document) -> Self:
        """Learn the first section: from the command line, or as parent of the first key below."""
        for number, text in document.lines():
            if command := COMMAND.search(text[:1000]):
                return cls(command[1])
            if (found := SECTION.match(text)) and number > 1:
                return cls(found[1].rpartition("/")[0][:LONGEST_PLACE] or None)
        return cls()

    def rows(self, record: Record) -> list[Row]:
        """Return the one row of a record: a property, or a key by itself."""
        if section := SECTION.match(record.first):
            if len(section[1]) > LONGEST_PLACE:
                raise RefusedError(f"a key of over {LONGEST_PLACE:,} characters")
            self.section = section[1]
            return [{"section": self.section, "type": "KEY"}]
        match = PROPERTY.match(record.first)
        if match is None:
            raise RefusedError("no property and no key")
        name, kind, shown = match[1], match[2], match[3].strip()
        row: Row = {"section": self.section, "name": name, "type": kind, "value": _text(shown)}
        if len(record.lines) > 1:  # (1 Items), and the items below
            row["value"] = "\n".join(_text(line.strip()) for line in record.lines[1:])
            row["extra"] = {"count": shown}
        number = TRUTH.get(shown.lower()) if kind.upper() == "BOOLEAN" else whole_number(shown)
        return [row | {"number": number}]


def _text(shown: str) -> str:
    """Return a value without the quotes around it."""
    quoted = len(shown) > 1 and shown.startswith('"') and shown.endswith('"')
    return shown[1:-1] if quoted else shown
