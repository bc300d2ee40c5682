r"""Listings of Queue and Badmail folders: Get-ChildItem by Export-Csv or as text, and dir.

``"Name","Length","CreationTimeUtc","LastWriteTimeUtc"`` with ISO times in UTC; or, in the host's
language and zone, ``09/03/2007  07:00 AM             2,413 NTFS_1.EML`` below
`` Directory of C:\inetpub\mailroot\Queue``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from logpipe.formats._inventory.dir_text import DirText, dir_role, is_dir
from logpipe.formats._inventory.document import Document, frames, open_document, rows_of
from logpipe.formats._inventory.folder_sheet import FolderSheet, folder_role, folder_sheet
from logpipe.formats._text.lines import first_lines
from logpipe.model import Format, Reading

LOOK = 60
COLUMNS: dict[str, Any] = {
    "queue": pl.String, "name": pl.String, "bytes": pl.Int64,
    "arrived_ts": pl.Datetime("us"), "arrived_local_ts": pl.Datetime("us"),
    "written_ts": pl.Datetime("us"), "written_local_ts": pl.Datetime("us"),
}  # fmt: skip


def sniff(head: bytes) -> bool:
    """Return whether the text is a table of files with times, or the output of dir."""
    lines = [line.rstrip() for line in first_lines(head, LOOK)]
    return folder_sheet(lines) is not None or is_dir(lines)


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give every file and folder of the listing as one row of kind file."""
    document = open_document(path, scratch, console=True)
    lines = [text for _, (_, text) in zip(range(LOOK), document.lines(), strict=False)]
    sheet = folder_sheet(lines)
    if sheet is None:
        yield _reading(document, dir_role, DirText.of(document))
    else:
        yield _reading(document, folder_role(sheet), FolderSheet.of(document, sheet))


def _reading(document: Document, role: Any, listing: DirText | FolderSheet) -> Reading:
    """Describe a listing; its times are local unless every one of them is in UTC."""
    return Reading(
        load="folder_listing",
        records=document.count(role),
        batches=frames(rows_of(document.records(role), listing.rows), COLUMNS),
        zone=None if listing.local else "UTC",
        zone_known_by=None if listing.local else "format",
        notes=(*document.notes, *listing.notes),
    )


FORMAT = Format("folder_listing", "Folder listing", "queue_entry", sniff, read, growth="none")
