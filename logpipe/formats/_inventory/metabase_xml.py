"""Elements of MetaBase.xml: cut by line, each parsed by itself, so that damage costs one record.

A record is a line on which elements begin, with the lines up to the next such line. The parser is
Expat on one start tag at a time: a DOCTYPE is refused before, so no entity can be declared, and one
that is used without declaration is an error.
"""

import re
from dataclasses import dataclass
from xml.parsers import expat

from logpipe.errors import UnreadableError
from logpipe.formats._inventory.document import (
    LONGEST_PLACE,
    Document,
    Record,
    RefusedError,
    Role,
    Row,
)
from logpipe.formats._inventory.sheet import whole_number

BEGINS = re.compile(r"<(?:Custom|II[Ss][A-Z_]?)")  # <IIsSmtpServer, <IIS_ROOT, <Custom
# no part of the alternation can match what another one matches: linear
TAG = re.compile(r"""<((?:Custom|II[Ss]\w*)\b(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>""")
QUOTED = re.compile(r""""[^"]*+"|'[^']*+'""")
TRUTH = {"true": 1, "false": 0}
MOST_TAGS = 1000  # on one line


def refuse_doctype(document: Document) -> None:
    """Raise where the file declares a document type: MetaBase.xml has none, an attack has."""
    for _, text in document.lines():
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise UnreadableError(
                "declares a document type or entities, which MetaBase.xml never does"
            )


def element_role(text: str, held: Record | None) -> Role:
    """Return what a line is; closing tags and the frame around the elements end what is above."""
    if BEGINS.search(text):
        return Role.START
    if held is None:
        return Role.SKIP
    return (
        Role.END if text.lstrip().startswith(("</", "<MB", "<?", "<configuration")) else Role.MORE
    )


@dataclass(slots=True)
class Metabase:
    """Makes rows of the elements; the section is the Location of the last element that has one."""

    section: str | None = None

    def rows(self, record: Record) -> list[Row]:
        """Return a row for each property of the elements that begin on a line."""
        text = "\n".join(line.strip() for line in record.lines)
        tags = TAG.findall(text)
        if not tags or len(tags) < len(BEGINS.findall(text)) or len(tags) > MOST_TAGS:
            self.section = None if "Location" in text else self.section
            raise RefusedError("an element that is cut or damaged")
        rows: list[Row] = []
        for tag in tags:
            name, attributes = _parsed(tag)
            rows += self._custom(attributes) if name == "Custom" else self._key(name, attributes)
        return rows

    def _key(self, element: str, attributes: dict[str, str]) -> list[Row]:
        """Return the properties that stand as attributes; the element's name is its KeyType."""
        self.section = attributes.pop("Location", None)
        if self.section is None or len(self.section) > LONGEST_PLACE:
            self.section = None
            raise RefusedError("an element without a usable Location")
        named = {"KeyType": element} | attributes
        return [self._row(name, None, value) for name, value in named.items()]

    def _custom(self, attributes: dict[str, str]) -> list[Row]:
        name = attributes.pop("Name", None) or attributes.get("ID")
        if name is None or self.section is None:
            raise RefusedError("a Custom element without name, or outside of a key")
        kind, value = attributes.pop("Type", None), attributes.pop("Value", "")
        return [self._row(name, kind, value) | {"extra": attributes}]

    def _row(self, name: str, kind: str | None, value: str) -> Row:
        text = "\n".join(part.strip() for part in value.split("\n")).strip()
        truth = TRUTH.get(text.lower())
        number = whole_number(text) if truth is None else truth
        row = {"section": self.section, "name": name, "type": kind, "value": text}
        return row | {"number": number}


def _parsed(tag: str) -> tuple[str, dict[str, str]]:
    """Return an element's name and attributes; line ends within a value stay line ends."""
    kept = QUOTED.sub(lambda match: match.group().replace("\n", "&#10;"), tag.removesuffix("/"))
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = lambda name, attributes: found.append((name, attributes))
    try:
        parser.Parse(f"<{kept}/>".encode(), True)  # noqa: FBT003 - Expat's own signature
    except expat.ExpatError as error:
        raise RefusedError(f"not XML: {expat.ErrorString(error.code)}") from error
    if len(found) != 1:
        raise RefusedError("not one element")
    return found[0]
