"""`logpipe identify`: what each file is and why, and what was tried on the rest."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from logpipe.cli import app
from logpipe.formats import all_formats
from logpipe.hints import what_is
from logpipe.model import Format
from logpipe.report.identified import why

ROOT = Path(__file__).parents[1]
SYSTEM_LOG = ROOT / "samples" / "healthy" / "RELAY1" / "SysEvent.Evt"


def identify(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["identify", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("format_", all_formats(), ids=lambda format_: format_.name)
def test_every_format_says_what_it_looks_for(format_: Format) -> None:
    words = why(format_)
    assert 20 < len(words) < 300
    assert not words.startswith("Return")


def test_a_log_is_told_with_product_host_span_records_and_the_reason() -> None:
    text = identify(str(SYSTEM_LOG))
    assert "[evt, loaded]" in text
    assert "host RELAY1 (by content)" in text
    assert "evt: the file starts with an event-log header" in text
    assert "1 file: 1 loaded." in text
    assert "UTC" in text


def test_of_an_unknown_file_it_says_what_it_begins_with_and_what_was_tried(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("The mail was late again.\n")
    text = identify(str(tmp_path))
    assert "begins with The mail was late" in text
    assert "tracking_2007" in text


UNREAD = {
    "queue.txt": (b"\r\nEventId  Source   Sender   Recipients   MessageSubject\r\n", "Export-Csv"),
    "events.txt": (b"\nTimeCreated   Id LevelDisplayName Message\n", "take the .evtx"),
    "list.txt": (b"\n Index Time   EntryType   Source   InstanceID Message\n", "take the .evtx"),
    "0001.BDP": (bytes(range(128, 228)), "properties of a bad mail"),
    "ex.log": (bytes(700), "nothing but NUL bytes"),
    "a.msg": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(50), "an OLE2 document"),
    "b.bin": (b"!BDNxx", "an Outlook data file"),
    "trace.etl": (bytes(range(100)), "tracerpt"),
    "c": (b"PAGEDU64", "a memory dump"),
    "d": (bytes(range(128, 228)), "begins with " + "".join(f"\\x{n:02x}" for n in range(128, 144))),
}


@pytest.mark.parametrize("name", UNREAD)
def test_common_files_that_are_not_read_are_named_with_what_to_do(name: str) -> None:
    head, told = UNREAD[name]
    words = what_is(head, f"case/{name}")
    assert told in words
    assert told == words or not words.startswith("begins with")


def test_machine_formats_have_every_fact(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("The mail was late again.\n")
    rows = json.loads(identify(str(tmp_path), str(SYSTEM_LOG), "--format", "json"))
    assert [row["status"] for row in rows] == ["loaded", "unknown"] or [
        row["status"] for row in rows
    ] == ["unknown", "loaded"]
    known = next(row for row in rows if row["format"])
    assert known["records"] == known["rows"] + known["duplicates"] + known["rejects"]
    assert known["why"]


def test_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    identify(str(SYSTEM_LOG))
    assert list(tmp_path.iterdir()) == []
