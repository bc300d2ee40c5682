"""Settings of IIS 6 and its SMTP service: MetaBase.xml, or what adsutil enum printed.

``<IIsSmtpServer Location="/LM/SmtpSvc/1" SmtpRemoteProgressiveRetry="15,30,60,240"`` with
``<Custom Name="UnknownName_61537" ID="61537" Type="DWORD" Value="0" .../>`` below it; or
``SmtpRemoteProgressiveRetry      : (STRING) "15,30,60,240"``.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from logpipe.formats._inventory.adsutil import PROPERTY, Enumeration, adsutil_role, is_adsutil
from logpipe.formats._inventory.document import frames, open_document, rows_of
from logpipe.formats._inventory.metabase_xml import Metabase, element_role, refuse_doctype
from logpipe.formats._text.lines import first_lines
from logpipe.model import Format, Reading

COLUMNS: dict[str, Any] = {
    "host": pl.String, "section": pl.String, "name": pl.String, "type": pl.String,
    "value": pl.String, "number": pl.Int64,
}  # fmt: skip
XML = re.compile(rb"<MBProperty\b|urn:microsoft-catalog:XML_Metabase")
LEAST = 2  # properties that adsutil's text must show
TOP = 5  # lines within which it begins: a console may greet and prompt first


def sniff(head: bytes) -> bool:
    """Return whether it begins as the metabase's XML, or as adsutil: KeyType : (STRING) "IIs…"."""
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return b"<configuration" in head and XML.search(head) is not None
    lines = [line.rstrip() for line in first_lines(head) if line.strip()]
    begins = any(is_adsutil(line) for line in lines[:TOP])
    return begins and sum(PROPERTY.match(line) is not None for line in lines) >= LEAST


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give every property as one row; a key without properties is a row by itself."""
    document = open_document(path, scratch)
    lines = [text for _, (_, text) in zip(range(60), document.lines(), strict=False)]
    if any(PROPERTY.match(line) for line in lines):
        role, parse = adsutil_role, Enumeration.of(document).rows
    else:
        refuse_doctype(document)
        role, parse = element_role, Metabase().rows
    yield Reading(
        load="host_setting",
        records=document.count(role),
        batches=frames(rows_of(document.records(role), parse), COLUMNS),
        notes=tuple(document.notes),
    )


FORMAT = Format("metabase", "IIS metabase", "host_setting", sniff, read, growth="none")
