"""Every format recognises its own files by content, and nobody else's."""

import gzip
from pathlib import Path

import pytest

from logpipe.formats import all_formats
from logpipe.ingest import identify
from logpipe.sqlfiles import sql_dir
from samples.writers.__main__ import write_all

ROOT = Path(__file__).parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
INPUTS = ROOT / "samples" / "inputs"
SAMPLES = sorted(
    path
    for path in (ROOT / "samples").rglob("*")
    if path.is_file()
    and (path.name.lower().endswith((".log", ".log.gz", ".evt", ".evtx")) or INPUTS in path.parents)
)
KNOWN = {  # folders of the corpus, and files that differ from their folder
    "evt": "evt", "evtx": "evtx", "tracking": "tracking_2007", "smtp": "smtp_protocol",
    "httpproxy": "http_proxy", "other": "exchange_log", "ndr": "ndr",
    "mssupport-kb2866822-2013__CONNECTLOG_mailbox_submission_service-not-active.log":
        "connectivity",
    # these begin with a mailbox's From line
    "bsd__lhost-exchange2003-02.eml": "mbox", "bsd__lhost-office365-02.eml": "mbox",
    "control__rfc3464-07.eml": "mbox",
    "sift__hartford_deny_slice.csv": "pdh_csv", "pal__SampleLog.blg": "blg",
}  # fmt: skip

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real logs is not here")


def claims(head: bytes) -> list[str]:
    return [format_.name for format_ in identify(head[: 64 << 10])]


def content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def expected(path: Path) -> str:
    """The format of a sample, by its folder, or by that in which such servers keep it."""
    if INPUTS in path.parents:
        return path.relative_to(INPUTS).parts[0]
    parts = path.as_posix().lower()
    if parts.endswith((".evt", ".evtx")):
        return path.suffix.lower()[1:]
    if "smtpsvc" in parts:
        return "smtpsvc_w3c"
    return "tracking_2007" if "msgtrk" in parts else "tracking_2003"


def test_every_format_has_a_sample_and_its_load_and_table() -> None:
    assert {expected(path) for path in SAMPLES} == {format_.name for format_ in all_formats()}
    tables = "".join(path.read_text("utf-8") for path in (sql_dir() / "tables").glob("*.sql"))
    for format_ in all_formats():
        assert (sql_dir() / "books" / f"{format_.table}.sql").is_file()
        assert f"CREATE TABLE IF NOT EXISTS {format_.table} (" in tables


def test_every_sample_is_what_its_writer_writes(tmp_path: Path) -> None:
    write_all(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in files_of(tmp_path)}
    kept = {path.relative_to(INPUTS): path.read_bytes() for path in files_of(INPUTS)}
    assert made.keys() == kept.keys()
    assert [path for path in made if made[path] != kept[path]] == []


def files_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_exactly_one_format_claims_each_sample() -> None:
    wrong = {
        path.name: found for path in SAMPLES if (found := claims(content(path))) != [expected(path)]
    }
    assert SAMPLES
    assert wrong == {}


def text_samples() -> list[Path]:
    """One sample of each text format, UTF-8 as it stands."""
    chosen: dict[str, Path] = {}
    for path in SAMPLES:
        data = content(path)
        if 0 not in data and data.decode("utf-8", "ignore").encode() == data:
            chosen.setdefault(expected(path), path)
    return list(chosen.values())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig"])
def test_a_text_log_is_claimed_in_every_encoding(encoding: str) -> None:
    for path in text_samples():
        assert claims(content(path).decode().encode(encoding)) == [expected(path)], path


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_text_log_is_claimed_with_every_line_end(end: str) -> None:
    for path in text_samples():
        text = content(path).decode().replace("\r\n", "\n").replace("\n", end)
        assert claims(text.encode()) == [expected(path)], path


@needs_corpus
def test_real_files_are_claimed_by_their_format_and_all_others_by_none() -> None:
    wrong = {}
    for path in sorted(path for path in CORPUS.rglob("*") if path.is_file()):
        name = KNOWN.get(path.name) or KNOWN.get(path.parent.name)
        found = claims(path.read_bytes())
        if found != ([name] if name else []):
            wrong[path.name] = found
    assert wrong == {}


STRANGERS = {
    "nothing": b"",
    "one byte": b"#",
    "a sentence": b"The mail was late again.\n",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(500),
    "zeros": bytes(70_000),
    "a note": b"To: the postmaster\nMAIL was late.\n\nRCPT TO:<b@x.example>\n",
    "a table": b"date,time,message\n2007-09-03,05:00:15,hello\n",
    "a comment": b"#Software: something else\n#Fields: a b c\n1 2 3\n",
    "Postfix": b"Sep  3 05:00:15 mx postfix/smtp[1]: A1: to=<b@x.example>, status=sent (250 OK)\n",
    "HTTP error log": (
        b"#Software: Microsoft HTTP API 2.0\n"
        b"#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status\n"
        b"2007-09-03 05:00:15 192.0.2.9 1042 192.0.2.1 80 HTTP/1.1 GET / 400\n"
    ),
    "firewall log": (
        b"#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Fields: date time action\n"
        b"2007-09-03 05:00:15 DROP\n"
    ),
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_strangers_are_claimed_by_none(kind: str) -> None:
    assert claims(STRANGERS[kind]) == []
