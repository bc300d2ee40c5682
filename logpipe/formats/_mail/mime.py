"""Mail as a tree of parts, cut in time linear in its bytes whatever stands in them.

The standard library's parser walks every line past the boundary of every level above it, ends deep
nesting in a RecursionError and wants boundary lines that begin in the first column. So the tree is
cut here, and the library decodes what stands in them. Formats: RFC 5322, 2045, 2046.
"""

import binascii
import email.message
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from logpipe.formats._mail.charset import decoded, readable, unfolded, without_tags
from logpipe.formats._text.lines import utf8_head

LARGEST = 4 << 20  # bytes of one mail that are looked at; a report stands before what it returns
DEEPEST = 12  # levels of parts; a report in a forward of a forward has seven
MOST_PARTS = 500
MOST_HEADERS = 1000
LONGEST_VALUE = 8000  # characters of a header's value
MOST_TEXT = 256 << 10  # bytes of a text that are searched
HEADER = re.compile(rb"([!-9;-~]{1,100})[ \t]{0,8}:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)(?:\n|\Z)")
ENVELOPE = re.compile(rb">?From [^\n]*\n")  # of a mailbox, left on a mail that was taken out of it
BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]*)\"|([^\s;]+))", re.IGNORECASE)
ENCLOSED = ("message/rfc822", "message/global")
HEADERS_ONLY = ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers")


@dataclass(slots=True)
class Part:
    """A mail or a part of one: its headers, its type, and where its body lies."""

    headers: dict[str, list[str]]  # lower-case name, unfolded values in order
    kind: str  # multipart/report
    raw: bytes
    start: int
    end: int
    parts: list["Part"] = field(default_factory=list)
    cut: bool = False  # of a whole mail: some parts were too many or too deep to be looked at

    def first(self, name: str) -> str | None:
        """Return the first value of a header that is not empty, words not decoded yet."""
        return next(filter(None, self.headers.get(name, ())), None)


def parse(raw: bytes) -> Part:
    """Cut a mail into its parts; never raises, and looks at the first 4 MiB only."""
    budget = [MOST_PARTS]
    mail = _part(_plain_lines(utf8_head(raw[:LARGEST])), 0, None, 0, budget)
    mail.cut = budget[0] <= 0
    return mail


def top_headers(raw: bytes) -> dict[str, list[str]]:
    """Return the headers of a mail, which stand in its first 256 KiB; never raises."""
    return headers_of(_plain_lines(utf8_head(raw[:MOST_TEXT])))


def _plain_lines(raw: bytes) -> bytes:
    """Return the bytes with LF line ends, from CRLF, CR CR LF, or lone CR."""
    if b"\r" not in raw:
        return raw
    if b"\n" in raw:
        raw = re.sub(rb"\r{1,2}\n", b"\n", raw)
    return raw.replace(b"\r", b"\n")


def _part(raw: bytes, start: int, end: int | None, depth: int, budget: list[int]) -> Part:
    """Read one part's headers, and its own parts where it has any."""
    end = len(raw) if end is None else end
    budget[0] -= 1
    headers, body = _headers(raw, start, end)
    content = (headers.get("content-type") or ["text/plain"])[0]
    part = Part(headers, content.split(";")[0].strip().lower(), raw, body, end)
    if depth >= DEEPEST and (part.kind.startswith("multipart/") or part.kind in ENCLOSED):
        budget[0] = 0
    if budget[0] <= 0:
        return part
    if part.kind.startswith("multipart/") and (boundary := _boundary(content)):
        for piece in _pieces(raw, b"--" + boundary, body, end):
            if budget[0] <= 0:
                break
            part.parts.append(_part(raw, *piece, depth + 1, budget))
    elif part.kind in ENCLOSED:
        part.parts.append(_enclosed(part, depth, budget))
    return part


def _enclosed(part: Part, depth: int, budget: list[int]) -> Part:
    """Read the mail inside a part; RFC 2046 forbids to encode it, and programs do."""
    if _encoding(part) in ("base64", "quoted-printable"):
        return _part(_plain_lines(content(part, LARGEST)), 0, None, depth + 1, budget)
    start = part.start  # an encloser may put blank lines above the mail
    while part.raw[start : start + 1] == b"\n" and start < part.end:
        start += 1
    return _part(part.raw, start, part.end, depth + 1, budget)


def _headers(raw: bytes, start: int, end: int) -> tuple[dict[str, list[str]], int]:
    """Return the headers from a place on, and where the body begins."""
    found: dict[str, list[str]] = {}
    if envelope := ENVELOPE.match(raw, start, end):
        start = envelope.end()
    for _ in range(MOST_HEADERS):
        if (match := HEADER.match(raw, start, end)) is None:
            break
        value = readable(match.group(2)[: 2 * LONGEST_VALUE])[:LONGEST_VALUE]
        found.setdefault(match.group(1).decode().lower(), []).append(unfolded(value))
        start = match.end()
    return found, start + (raw[start : start + 1] == b"\n")


def headers_of(raw: bytes) -> dict[str, list[str]]:
    """Return the headers at the top of some bytes, by lower-case name."""
    return _headers(raw, 0, len(raw))[0]


def _boundary(content_type: str) -> bytes | None:
    """Return what divides a multipart's parts."""
    if match := BOUNDARY.search(content_type):
        return (match.group(1) or match.group(2) or "").rstrip().encode() or None
    if "boundary*" not in content_type.lower():
        return None
    message = email.message.Message()  # boundary*0="abc"; boundary*1="def" (RFC 2231)
    message["Content-Type"] = content_type
    try:
        return (message.get_boundary() or "").encode("utf-8", "replace") or None
    except (ValueError, LookupError, TypeError):  # 0 and 00, an unknown charset, a missing *0
        return None


def _pieces(raw: bytes, mark: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where the parts between boundary lines begin and end."""
    begun, at = -1, raw.find(mark, start, end)
    while at >= 0:
        line = raw.rfind(b"\n", start, at) + 1 or start
        stop = raw.find(b"\n", at, end)
        stop = end if stop < 0 else stop
        rest = raw[at + len(mark) : stop].strip()
        if rest in (b"", b"--") and not raw[line:at].strip():
            if begun >= 0:
                yield begun, max(begun, line - 1)
            begun = min(stop + 1, end)
            if rest:
                return
        at = raw.find(mark, stop, end)
    if begun >= 0:  # no closing boundary: the mail is cut
        yield begun, end


def _encoding(part: Part) -> str:
    return (part.first("content-transfer-encoding") or "").lower()


def content(part: Part, most: int = MOST_TEXT) -> bytes:
    """Return a part's body with its transfer encoding undone, its beginning if it is long."""
    body = part.raw[part.start : min(part.end, part.start + most)]
    match _encoding(part):
        case "quoted-printable":
            return quopri.decodestring(body)
        case "base64":
            letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
            return binascii.a2b_base64(letters[: len(letters) & ~3])
    return body


def text_of(part: Part, most: int = MOST_TEXT) -> str:
    """Return the text of a part as lines, HTML without its tags; never raises."""
    raw = content(part, most)
    if part.raw[part.start : part.end].isascii() and not _encoding(part):
        text = raw.decode()
    else:
        charset = re.search(r"charset\s*=\s*\"?([\w.:-]{1,40})", part.first("content-type") or "")
        text = decoded(raw, charset.group(1) if charset else "utf-8")
    if part.kind == "text/html":
        text = without_tags(text)
    return _plain_lines(readable(text.encode("utf-8", "replace")).encode()).decode()
