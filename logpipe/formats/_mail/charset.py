"""Bytes of mails as text: charsets by the names that mails give them, encoded words, HTML."""

import codecs
import email.header
import html
import re
from email.errors import HeaderParseError

CHARSETS = {"unicode-1-1-utf-7": "utf-7", "x-unicode-1-1-utf-7": "utf-7"}
TAG = re.compile(r"<[^<>]{0,2000}>")
LINE_TAG = re.compile(r"<(?:br|/?p|/?div|/tr|/pre)\b[^<>]{0,2000}>", re.IGNORECASE)


def without_tags(text: str) -> str:
    """Return HTML as lines of text."""
    return html.unescape(TAG.sub("", LINE_TAG.sub("\n", text)))


def unfolded(value: str) -> str:
    """Return a header's value as one line without surplus blanks at its ends."""
    if "\n" not in value:
        return value.strip()
    return " ".join(line.strip() for line in value.split("\n")).strip()


def decoded(raw: bytes, charset: str) -> str:
    """Decode by the charset that a part or a word names, else as UTF-8 or Windows-1252."""
    charset = CHARSETS.get(charset.lower(), charset)
    try:
        if codecs.lookup(charset)._is_text_encoding:  # noqa: SLF001 - rot13 and hex are no charsets
            return raw.decode(charset, "replace")
    except (LookupError, ValueError):  # unknown; undecodable even so (idna, punycode)
        pass
    return readable(raw)


def readable(raw: bytes) -> str:
    """Return bytes as text: UTF-8, else Windows-1252; a NUL is shown as a sign."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    return text.replace("\0", "\u2400")


def words(value: str | None) -> str | None:
    """Return a header's value with its encoded words (RFC 2047) decoded where that can be done."""
    if not value or "=?" not in value:
        return value
    try:
        pieces = email.header.decode_header(value)
    except (HeaderParseError, ValueError):  # broken base64 in a word
        return value
    text = "".join(
        piece if isinstance(piece, str) else decoded(piece, charset or "utf-8")
        for piece, charset in pieces
    )
    return unfolded(readable(text.encode("utf-8", "replace")))
