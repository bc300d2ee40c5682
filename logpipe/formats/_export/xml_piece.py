"""Elements of one name cut out of an XML file of any size, and the tree of each.

The cut looks at start and end tags alone, so that one damaged element costs one record. Each piece
is parsed by itself by expat, which is given no document type: there are no entities to expand.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.parsers import expat

LONGEST = 4 << 20  # characters of one element; Windows itself writes none over 64 KiB
LONGEST_TAG = 4000  # characters
DEEPEST = 60  # levels of elements
# control characters stand in real messages, and are forbidden in XML however they are written
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,9}));")
DECLARATION = re.compile(r"<\?[^?<>]{0,300}\?>|<!--[^<>]{0,300}-->")


class Element:
    """One element: its name without prefix, attributes, text and children."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name, self.attributes, self.text = name, attributes, ""
        self.children: list[Element] = []

    def child(self, name: str) -> "Element | None":
        return next((child for child in self.children if child.name == name), None)


@dataclass(frozen=True, slots=True)
class Piece:
    """The text of one record, or why it is none."""

    text: str
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class _Tags:
    """The patterns of one element name and of the element around all of them."""

    start: re.Pattern[str]
    border: re.Pattern[str]
    around: re.Pattern[str]


def pieces(blocks: Iterable[str], name: str, wrapper: str) -> Iterator[Piece]:
    """Yield every ``<name>`` element, and every other text outside ``<wrapper>``'s own tags."""
    start = rf"<{name}(?=[\s>/])"
    tags = _Tags(
        re.compile(start),
        re.compile(rf"{start}|</{name}\s*>"),
        re.compile(rf"</?{wrapper}(?:\s[^<>]{{0,2000}})?>"),
    )
    rest = ""
    for block in blocks:
        rest += block
        done, found = _cut(rest, tags)
        yield from found
        rest = rest[done:]
    yield from _cut(rest, tags, final=True)[1]


def _cut(text: str, tags: _Tags, *, final: bool = False) -> tuple[int, list[Piece]]:
    """Cut the pieces out of a text; returns up to where it is done with, and the pieces."""
    place, found = 0, list[Piece]()
    while opened := tags.start.search(text, place):
        begin = opened.start()
        found += _stray(text[place:begin], tags)
        closed = tags.border.search(text, opened.end())
        if closed is None and not final and len(text) - begin <= LONGEST:
            return begin, found
        whole = closed is not None and closed[0].startswith("</")
        place = len(text) if closed is None else closed.end() if whole else closed.start()
        found.append(_piece(text[begin:place], whole=whole))
    keep = len(text) if final else text.rfind("<", place)
    if keep < 0 or len(text) - keep > LONGEST_TAG:
        keep = len(text)
    return keep, found + _stray(text[place:keep], tags)


def _piece(text: str, *, whole: bool) -> Piece:
    if not whole:
        return Piece(text[:LONGEST], "the element is not closed")
    if len(text) > LONGEST:
        return Piece(text[:1000], f"an element of {len(text):,} characters")
    return Piece(text)


def _stray(text: str, tags: _Tags) -> list[Piece]:
    """Return text that stands where elements should, as one piece; blanks and wrappers are none."""
    left = DECLARATION.sub("", tags.around.sub("", text)).strip().strip("\0")
    return [Piece(left[:1000], "text outside of any record")] if left else []


def tree(text: str) -> Element:
    """Return the element that a text is; raises ValueError where it is not well formed."""
    text = mended(text)
    if "\r" in text:
        try:  # a carriage return in a message is one in the .evtx too, but a parser drops it
            return _parsed(text.replace("\r", "&#13;"))
        except ValueError:
            pass  # it stood inside of a tag
    return _parsed(text)


def _parsed(text: str) -> Element:
    top = Element("", {})
    path = [top]

    def opened(name: str, attributes: dict[str, str]) -> None:
        if len(path) > DEEPEST:
            raise ValueError(f"elements nested more than {DEEPEST} deep")
        element = Element(name.rpartition(":")[2] if ":" in name else name, attributes)
        path[-1].children.append(element)
        path.append(element)

    def written(data: str) -> None:
        path[-1].text += data

    def refused(*_: object) -> None:
        raise ValueError("a document type: not what Windows writes")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.CharacterDataHandler = opened, written
    parser.EndElementHandler = lambda _: path.pop()
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refused
    try:
        parser.Parse(text, True)  # noqa: FBT003 - expat takes it by position only
    except expat.ExpatError as error:
        raise ValueError(f"not well-formed XML: {error}") from error
    return top.children[0]


def mended(text: str) -> str:
    """Show control characters as U+2400 and on, for XML has no way to hold them."""
    text = CONTROL.sub(lambda match: _shown(ord(match[0])), text)
    return REFERENCE.sub(_reference, text) if "&#" in text else text


def _reference(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else int(match[2])
    allowed = code in {9, 10, 13} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE  # noqa: PLR2004 - the ranges of XML 1.0
    return match[0] if allowed or 0x10000 <= code < 0x110000 else _shown(code)  # noqa: PLR2004


def _shown(code: int) -> str:
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"  # noqa: PLR2004 - control pictures
