"""What a file is that logpipe does not read, and what to do with it."""

import re
from pathlib import PurePosixPath

from logpipe.formats._text.lines import utf8_head

# by the first bytes
MAGIC = (
    (b"Rar!\x1a\x07", "a RAR archive, unpack it and give the folder"),
    (b"\x1f\x9d", "a file packed with compress, unpack it and give the folder"),
    (b"MSWIM\0", "a Windows image, unpack it and give the folder"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"SQLite format 3", "a SQLite database"),
    (b"%PDF-", "a PDF document"),
    (b"MZ\x90\0", "a program or library"),
    (b"#Software: Microsoft Internet Information Services", "a log of the web server"),
    (b"#Software: Microsoft HTTP", "an error log of the web server"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
     "an OLE2 document (Thumbs.db, old Office, .msg: save mails as .eml)"),
    (b"!BDN", "an Outlook data file (.pst, .ost): save its mails as .eml"),
    (b"PAGEDU", "a memory dump"),
    (b"MDMP", "a memory dump"),
)  # fmt: skip
# what a shell shows by default, which leaves out times or cuts texts
VIEWS = (
    (r"EventId +Source +Sender +Recipients",
     "what Get-MessageTrackingLog shows, without times: run it again with | Export-Csv"),
    (r"Timestamp +EventId +Source +Sender +Recipients",
     "a table of Get-MessageTrackingLog: run it again with | Export-Csv"),
    (r"TimeCreated +Id +LevelDisplayName +Message",
     "what Get-WinEvent shows: take the .evtx file, or run it again with | Export-Csv"),
    (r"Index +Time +EntryType +Source +InstanceID +Message",
     "what Get-EventLog shows: take the .evtx or .evt file, or run it again with | Export-Csv"),
)  # fmt: skip
# by the name, where the content tells nothing
NAMES = {
    ".bdp": "properties of a bad mail; its .BAD and .BDR tell why it is one",
    ".etl": "an event trace: make it text with tracerpt",
    ".pst": "an Outlook data file: save its mails as .eml",
    ".dmp": "a memory dump",
}
MOST_TEXT, MOST_BYTES = 40, 16
PRINTABLE = range(0x20, 0x7F)
LEAST_NULS = 16


def what_is(head: bytes, path: str) -> str:
    """Return what a file that no format claims seems to be, or what it begins with."""
    if what := next((name for magic, name in MAGIC if head.startswith(magic)), None):
        return what
    if len(head) >= LEAST_NULS and not head.strip(b"\0"):
        return "nothing but NUL bytes: the disk or the copy lost its content, copy it again"
    top = utf8_head(head)[:2000].decode("utf-8", "replace")
    for view, name in VIEWS:
        if re.search(rf"^ *{view}\b", top, re.MULTILINE):
            return name
    if suffix := NAMES.get(PurePosixPath(path).suffix.lower()):
        return suffix
    text = head[:MOST_TEXT]
    shown = text if all(b in PRINTABLE or b in b"\r\n\t" for b in text) else head[:MOST_BYTES]
    return "begins with " + "".join(chr(b) if b in PRINTABLE else f"\\x{b:02x}" for b in shown)
