"""Reason files of Badmail sets: a report that could not be returned, a file that Pickup refused."""

from pathlib import Path

FILES = {
    "0001c7ede700000001.BDR": """\
Unable to deliver this message because the following error was encountered: "This message is a
 delivery status notification that cannot be delivered.".

The specific error code was 0xC00402C7.

The message sender was <>.

The message was intended for the following recipients.

alice@corp.example
carol@corp.example
""",
    "0001c7ede700000002.BDR": """\
Unable to deliver this message because the following error was encountered: "Error is processing
 file in pickup directory.".

The specific error code was 0xC00402CE.
""",
}


def write(folder: Path) -> None:
    """Write the reason files; the mails beside them are samples of ndr and mail."""
    for name, text in FILES.items():
        (folder / name).write_bytes(text.replace("\n", "\r\n").encode())
