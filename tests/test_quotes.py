"""What the log says at the place of a finding, quoted in the report."""

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from logpipe import quotes
from logpipe.analyze import build_report, ingest
from logpipe.derived import rebuild_derived
from logpipe.quotes import quote
from logpipe.report.html import render_html
from logpipe.rules import load_rules, run_rules
from logpipe.store import Connection, ask, open_store
from tests.diagnosis import detected
from tests.test_report import Page
from tests.waiting_mail import relay

HEAD = """#Software: Microsoft Internet Information Services 6.0
#Fields: date time c-ip cs-username s-computername cs-method cs-uri-query sc-status
"""
LINE = "2007-09-03 05:00:{n:02} 10.0.0.1 pc GW1 MAIL +FROM:<{n}@corp.example>\u202e 250"


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    """A store of two files of lines, and an incident with a finding of each of their lines."""
    for name in ("a.log", "b.log"):
        lines = [LINE.format(n=n) for n in range(9)]
        (tmp_path / name).write_text(HEAD + "\n".join([*lines, name, ""]), "utf-8")
    with open_store(tmp_path / "case.duckdb") as con:
        ingest(con, [tmp_path], avoid=[tmp_path / "case.duckdb"])
        rebuild_derived(con)
        run_rules(con, load_rules())
        con.execute(
            "INSERT INTO finding (rule, incident_key, role, ts, host, text, source_id, record)"
            " SELECT 'idle-until-restart', 'x', 'symptom', TIMESTAMP '2007-09-03 05:00:00',"
            " 'GW1', 'finding ' || r, source_id, r FROM source, range(3, 12) AS t (r)"
        )
        yield con


def test_a_finding_shows_the_line_at_its_place_cleaned(con: Connection) -> None:
    report = build_report(con)
    quote(con, report)
    (incident,) = report["incidents"]
    raws = {(Path(f["source"]).name, f["record"]): f.get("raw") for f in incident["findings"]}
    assert raws["a.log", 3] == LINE.format(n=0).replace("\u202e", r"\u202e")
    assert raws["b.log", 11] == LINE.format(n=8).replace("\u202e", r"\u202e")
    page = Page(html := render_html(report))
    assert r"<3@corp.example>\u202e 250" in page.text
    assert "Raw lines:" not in page.text
    assert html.count('class="quote"') == 18


def test_files_that_are_gone_or_too_large_together_are_left_out_and_the_page_says_how(
    con: Connection, tmp_path: Path
) -> None:
    (row,) = ask(con, "SELECT max(bytes) AS bytes FROM source")
    report = build_report(con)
    with mock.patch.object(quotes, "MOST_BYTES", row["bytes"] + 1):
        quote(con, report)
    (incident,) = report["incidents"]
    assert {Path(f["source"]).name for f in incident["findings"] if "raw" in f} == {"a.log"}
    assert "Raw lines: logpipe explain idle-until-restart-" in Page(render_html(report)).text
    for name in ("a.log", "b.log"):
        (tmp_path / name).unlink()
    bare = build_report(con)
    quote(con, bare)
    assert not any("raw" in f for f in bare["incidents"][0]["findings"])


def test_an_event_is_quoted_in_its_own_words(tmp_path: Path) -> None:
    with detected(tmp_path, relay()) as con:
        report = build_report(con)
        quote(con, report)
    words = [f.get("raw") for i in report["incidents"] for f in i["findings"] if "raw" in f]
    assert "Service Control Manager 7036: Simple Mail Transfer Protocol (SMTP) | running" in words
