"""The report in its other forms: each whole, each harmless where it is opened."""

import csv
import io
import json
import re
import shutil
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from typer.testing import CliRunner

from logpipe.cli import app
from logpipe.errors import LogpipeError
from logpipe.export import export_tables
from logpipe.report._marked import coded, drawn, marked
from logpipe.report.forms import FORMS, form_of, render
from logpipe.report.html import render_html
from logpipe.report.markdown import MOST_CHARACTERS
from tests.test_report import PAYLOADS, finding, incident, report

HOSTILE = [
    *PAYLOADS,
    "@everyone look @octo-org/security-team",
    "fixes #1, GH-2, octo/repo#3 and octo/repo@0123456789abcdef0123456789abcdef01234567",
    "[click](javascript:alert(1)) ![x](https://x.example/beacon.png) <https://x.example>",
    "https://x.example/phish www.x.example mailto:a@b.example data:text/html,x",
    "`code` ``two`` ` | cell | `",
    "| a | b |\n|---|---|\n| c | d |",
    "# heading\n## another\n***\n---\n```\nfence\n```\n~~~\n    indented",
    "1. one",
    "- item\n+ item\n* item",
    "> quote",
    "/close",
    "%%{init: {'securityLevel': 'loose'}}%%",
    "gantt\nclick a call alert(1)\nsection x\ntitle y; z : crit, 2007-01-01, 1d",
    '</details><img src=x onerror="alert(1)"><!-- ',
    "&lt;script&gt; &#60; &copy; \\* \\",
    "$x^2$ $$y$$ :boom: ~~gone~~ ==mark== [[wiki]] [^1] __init__ *a* _b_ **c**",
    "!12 %3 ~bug &4 {{template}} ${env}",
]
ACTS = re.compile(r"@\w|://|www\.|#\d|GH-\d|:[a-z]\w+:")


def hostile(text: str) -> dict[str, Any]:
    """Return a report that says this in every field a log may fill."""
    told = finding(host=text, text=text, source=text, role=text)
    later = finding(host=text, text=text, source=text, ts="2007-09-04T00:00:00Z", role="restart")
    one = incident(
        host=text, service=text, title=text, summary=text, id=text, todo=text, why=text,
        rule=text, known_problem=text, known_problem_title=text, verdict=text,
        signs=[{"id": text, "title": text, "state": "present", "text": text}],
        missing_evidence=[text], measures={"messages": 3}, findings=[told, later],
    )  # fmt: skip
    lost = {"path": text, "status": "failed", "note": text, "records": 0}
    return report(one, sources=[lost])


def tokens(markdown: str) -> list[Token]:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return [part for token in parser.parse(markdown) for part in (token, *(token.children or []))]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_a_log_says_does_nothing_in_markdown(text: str) -> None:
    plain = tokens(render(hostile("harmless words"), "markdown"))
    found = tokens(render(hostile(text), "markdown"))
    shape = {"heading_open", "list_item_open", "table_open", "fence", "bullet_list_open", "tr_open"}
    kinds = [token.type for token in found]
    ours = [token.type for token in plain]
    for kind in shape if text.strip() else ():
        assert kinds.count(kind) == ours.count(kind), kind
    assert not {"link_open", "image", "s_open", "em_open", "hr", "blockquote_open"} & set(kinds)
    html = {token.content.strip() for token in found if token.type.startswith("html")}
    assert html <= {token.content.strip() for token in plain if token.type.startswith("html")}
    said = [token.content for token in found if token.type == "text"]
    assert not [words for words in said if ACTS.search(words)]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_a_log_says_is_no_statement_of_a_diagram(text: str) -> None:
    (diagram,) = (t for t in tokens(render(hostile(text), "markdown")) if t.type == "fence")
    assert diagram.info == "mermaid"
    first, *lines = diagram.content.splitlines()
    assert first == "gantt"
    task = r"    (symptom|restart|release|sign) [\w .,()/+-]* :[a-z0-9, :T-]+"
    setup = r"    dateFormat YYYY-MM-DDTHH:mm:ss|    axisFormat \S+ \S+"
    known = rf"{setup}|    section Host [\w .,()/+-]+|{task}"
    assert [line for line in lines if not re.fullmatch(known, line, re.IGNORECASE)] == []


@given(
    text=st.text(st.sampled_from("aB1 .-_*`\\[]()<>&#|!~@:/$%^+={}\t\n\u202e") | st.characters())
)
def test_any_text_stays_inside_its_line_of_markdown(text: str) -> None:
    said = marked(text)
    assert "\n" not in said
    kinds = [token.type for token in tokens(f"- {said}")]
    assert {kind for kind in kinds if kind.endswith("_open")} <= {
        "bullet_list_open", "list_item_open", "paragraph_open",
    }  # fmt: skip
    assert set(kinds) & {"html_inline", "html_block", "image", "fence", "code_block", "hr"} == set()
    cell = [token.type for token in tokens(f"| a | b |\n|---|---|\n| {said} | {coded(text)} |")]
    assert cell.count("td_open") == 2
    assert cell.count("tr_open") == 2


def test_words_stay_words_in_markdown() -> None:
    assert marked("99 messages waited on GW1, up to 116.3 hours") == (
        "99 messages waited on GW1, up to 116.3 hours"
    )
    assert marked("a*b <c> & d_e") == r"a\*b &lt;c&gt; &amp; d\_e"
    assert marked("1. first") == r"1\. first"
    assert marked("from bob@x.example now") == "from `bob@x.example` now"
    assert coded("a`b|c") == "``a`b\\|c``"
    assert drawn("a: b; c\n%%x") == "a b c x"


def test_commands_to_collect_are_blocks_of_their_own_in_markdown() -> None:
    command = r'copy "C:\Program Files\a*.log" & dir /a C:\x > `y.txt'
    told = render(report(incident(missing_evidence=[f"a listing: {command}"])), "markdown")
    (block,) = (t for t in tokens(told) if t.type == "fence" and t.info == "")
    assert block.content == f"{command}\n"
    assert "- a listing:\n" in told


def test_signs_of_the_sentence_and_times_stand_outside_of_code() -> None:
    assert marked("to ada@x.example, at 05:37:50 UTC.") == "to `ada@x.example`, at 05:37:50 UTC."
    assert marked("(see http://x.example/a:b).") == "(see `http://x.example/a:b`)."
    assert marked(":smile: 1:100:2") == "`:smile`: `1:100:2`"


def test_a_bar_of_a_diagram_says_that_it_is_about_mail() -> None:
    told = finding(text="message 1@x.example to bob@y.example was not tried")
    one = incident(findings=[told, finding(ts="2007-09-12T05:37:50Z")])
    text = render(report(one), "markdown")
    assert "    symptom mail to bob at y.example was not tried :" in text


def test_a_long_report_fits_a_ticket_and_counts_what_is_left_out() -> None:
    many = [incident(id=f"idle-{n:04}", title="x" * 500) for n in range(400)]
    text = render(report(*many), "markdown")
    assert len(text) <= MOST_CHARACTERS + 1000
    told = text.count("\n## ")
    assert f"*{400 - told} incidents more than fit here" in text


def test_plain_text_keeps_to_72_columns() -> None:
    long = incident(
        title="word " * 60, todo="Look at the queue. " * 30, missing_evidence=["x " * 99]
    )
    text = render(report(long), "text")
    assert max(map(len, text.splitlines())) <= 72
    assert "What to do" in text
    command = f"dir /a /tc C:\\{'x' * 80} > queue.txt"
    text = render(report(incident(missing_evidence=[f"a listing: {command}"])), "text")
    assert f"    {command}" in text.splitlines()  # it is pasted, so it stays whole


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1+1",
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("form", ["csv", "timesketch-csv"])
@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_csv_begins_a_formula(form: str, text: str) -> None:
    rows = list(csv.reader(io.StringIO(render(hostile(text), form), newline="")))
    assert len({len(row) for row in rows}) == 1
    begins = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
    assert not [cell for row in rows for cell in row if cell.startswith(begins)]
    assert f"'{text}" in rows[1]


def test_the_csv_has_a_row_for_each_incident() -> None:
    text = render(report(incident(), incident(id="b", missing_evidence=["x", "y"])), "csv")
    first, second = csv.DictReader(io.StringIO(text))
    assert (first["id"], first["messages"], first["findings"]) == (
        "idle-until-restart-GW1-1",
        "112",
        "2",
    )
    assert second["missing_evidence"] == "x; y"


def test_an_incident_without_a_known_problem_has_no_verdict_in_the_csv() -> None:
    told = report(incident(known_problem=None, verdict="not-assessable"), incident(id="b"))
    rows = csv.DictReader(io.StringIO(render(told, "csv")))
    assert [row["verdict"] for row in rows] == ["", "confirmed"]


def test_timesketch_gets_what_it_asks_for_in_both_forms() -> None:
    lines = [json.loads(line) for line in render(report(incident()), "timesketch").splitlines()]
    rows = list(csv.DictReader(io.StringIO(render(report(incident()), "timesketch-csv"))))
    assert list(rows[0])[:3] == ["message", "datetime", "timestamp_desc"]
    assert [row["message"] for row in rows] == [line["message"] for line in lines]
    assert all(datetime.fromisoformat(row["datetime"]) for row in rows)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_the_same_for_the_same_report_and_works_without_incidents(form: str) -> None:
    told = hostile("x\udce4")
    assert render(deepcopy(told), form) == render(told, form)
    assert isinstance(render(report(), form), str)


@pytest.mark.parametrize(
    ("name", "form"), [("a.md", "markdown"), ("A.HTML", "html"), ("b.jsonl", "jsonl"), ("c", None)]
)
def test_the_name_of_a_file_tells_its_form(name: str, form: str | None) -> None:
    assert form_of(name) == form


def run(*told: object) -> Any:
    return CliRunner().invoke(app, [str(part) for part in told])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of the smallest sample."""
    out = tmp_path_factory.mktemp("out")
    sample = Path(__file__).parents[1] / "samples" / "gateway2003"
    assert run("analyze", sample, "--out", out, "-q").exit_code == 0
    return out / "logpipe.duckdb"


def test_the_report_of_a_store_is_the_one_that_analyze_wrote_but_for_raw_lines(
    store: Path, tmp_path: Path
) -> None:
    for name in ("report.json", "report.html"):
        done = run("report", "--db", store, "-o", tmp_path / name)
        assert (done.exit_code, done.output) == (0, f"Wrote {tmp_path / name}\n")
    wrote = json.loads((store.parent / "report.json").read_bytes())
    quoted = [f.pop("raw", None) for one in wrote["incidents"] for f in one["findings"]]
    assert any(quoted)
    assert json.loads((tmp_path / "report.json").read_bytes()) == wrote
    assert (tmp_path / "report.html").read_text("utf-8") == render_html(wrote)
    told = run("report", "--db", store, "-f", "timesketch", "-o", "-").output
    assert told == (store.parent / "timeline.jsonl").read_text("utf-8")


def test_a_report_tells_one_incident_or_the_worst(store: Path) -> None:
    one = run("report", "--db", store, "-f", "csv", "--incident", "idle-until").output
    assert len(one.splitlines()) == 2
    high = run("report", "--db", store, "-f", "jsonl", "--min-severity", "high").output
    assert {json.loads(line)["severity"] for line in high.splitlines()} == {"high"}
    assert run("report", "--db", store, "--incident", "nothing").exit_code == 1  # LogpipeError


def test_a_part_of_a_report_is_not_told_as_all_of_it(store: Path) -> None:
    none = run("report", "--db", store, "--min-severity", "critical").output
    assert "No incident of severity critical or higher in 12 files." in none
    one = run("report", "--db", store, "--incident", "remote-outage-40").output
    assert "INFO      oldpartner.example did not take mail from GW1" in one
    assert "No incident" not in one


def test_a_report_overwrites_nothing_unless_told_to(store: Path, tmp_path: Path) -> None:
    there = tmp_path / "r.md"
    there.write_text("mine")
    assert "--force" in str(run("report", "--db", store, "-o", there).exception)
    assert there.read_text() == "mine"
    assert run("report", "--db", store, "-o", there, "--force").exit_code == 0
    assert there.read_text("utf-8").startswith("# ")


def test_charts_are_files_one_or_all(store: Path, tmp_path: Path) -> None:
    told = run(
        "report", "--db", store, "-f", "svg", "-o", tmp_path / "charts", "--incident", "idle"
    )
    assert told.exit_code == 0, told.exception
    names = sorted(path.name for path in (tmp_path / "charts").iterdir())
    assert names[:2] == ["incidents.svg", "late.svg"]
    one = tmp_path / "q.png"
    assert run("report", "--db", store, "--chart", "queue", "-o", one).exit_code == 0
    assert one.read_bytes().startswith(b"\x89PNG")
    for options, words in (
        (("-f", "svg"), "give -o"),
        (("-f", "svg", "--chart", "x", "-o", one), "there are incidents, "),
        (("--chart", "queue"), "goes with"),
        (("-f", "png", "-o", one), "--force"),
    ):
        assert words in str(run("report", "--db", store, *options).exception)


def test_a_store_without_detection_is_no_report_of_peace(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert run("ingest", tmp_path / "in", "--db", tmp_path / "a.duckdb").exit_code == 0
    told = run("report", "--db", tmp_path / "a.duckdb")
    assert "nothing was detected yet" in str(told.exception)


def test_tables_are_exported_as_they_are(store: Path, tmp_path: Path) -> None:
    told = run("export", "smtp_event", "incident", "--db", store, "--to", tmp_path / "lake")
    assert told.exit_code == 0, told.exception
    with duckdb.connect(store, read_only=True) as con:
        for name in ("smtp_event", "incident"):
            file = tmp_path / "lake" / f"{name}.parquet"
            there, back = f"SELECT * FROM {name}", f"SELECT * FROM read_parquet('{file}')"
            for left, right in ((there, back), (back, there)):
                assert con.execute(f"{left} EXCEPT ALL {right}").fetchall() == []
    again = run("export", "incident", "--db", store, "--to", tmp_path / "lake")
    assert "--force" in str(again.exception)
    assert "no such table" in str(run("export", "incidents", "--db", store).exception)


def test_a_store_of_a_stranger_reaches_no_file(store: Path, tmp_path: Path) -> None:
    theirs, mine = tmp_path / "theirs.duckdb", tmp_path / "mine.txt"
    shutil.copy(store, theirs)
    mine.write_text("secret")
    with duckdb.connect(theirs) as con:
        con.execute(f"CREATE VIEW peek AS SELECT * FROM read_text('{mine}')")
        con.execute('CREATE TABLE "../out" AS SELECT 1 AS "a""b"')
        con.execute('CREATE TABLE odd AS SELECT 1 AS "a""b"')
        con.execute(f"CREATE OR REPLACE VIEW incident AS SELECT * FROM read_text('{mine}')")
    for name in ("peek", "../out"):
        told = run("export", name, "--db", theirs, "--to", tmp_path / "lake", "-f", "csv")
        assert isinstance(told.exception, LogpipeError), told.exception
    assert run("export", "odd", "--db", theirs, "--to", tmp_path / "lake").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "lake").iterdir()) == ["odd.parquet"]
    told = run("report", "--db", theirs)
    assert told.exit_code != 0
    assert "secret" not in told.output


@pytest.mark.parametrize("told", ["error('boom')", "cast('x' AS int)", "CAST(1e300 AS FLOAT)"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_view_of_a_stranger_that_fails_is_one_line(told: str, form: str, tmp_path: Path) -> None:
    with duckdb.connect() as con:
        con.execute(f"CREATE VIEW odd AS SELECT {told} AS x FROM range(3)")
        con.execute("CREATE TABLE even AS SELECT 1 AS x")
        files = export_tables(con, ["even", "odd"], tmp_path, form, force=False)
        assert next(files) == (tmp_path / f"even.{form}", 1)
        with pytest.raises(LogpipeError, match=r"^odd: cannot be exported") as caught:
            next(files)
    assert len(str(caught.value).splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == [f"even.{form}"]


def test_names_of_columns_are_no_formulas_either(tmp_path: Path) -> None:
    odd = ["=cmd|' /C calc'!A0", "+1", "\uff1d2", "plain", "a=b"]
    with duckdb.connect() as con:
        columns = ", ".join(f'{number} AS "{name}"' for number, name in enumerate(odd))
        con.execute(
            f'CREATE TABLE odd AS SELECT {columns}, now()::TIMESTAMP AS "@t", \'x\' AS "-y"'
        )
        list(export_tables(con, ["odd"], tmp_path, "csv", force=False))
    head = next(csv.reader((tmp_path / "odd.csv").read_text("utf-8").splitlines()))
    assert head == ["'=cmd|' /C calc'!A0", "'+1", "'\uff1d2", "plain", "a=b", "'@t", "'-y"]


def test_every_table_can_be_exported_as_csv_without_formulas(store: Path, tmp_path: Path) -> None:
    told = run("export", "--db", store, "--to", tmp_path / "csv", "-f", "csv")
    assert told.exit_code == 0, told.exception
    files = sorted(path.stem for path in (tmp_path / "csv").iterdir())
    assert {"source", "smtp_event", "finding", "incident", "message", "verdict"} <= set(files)
    for path in (tmp_path / "csv").iterdir():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                odd = [
                    c for c in row if c.startswith(("=", "@", "\t")) or re.match(r"[+-][^\d.]", c)
                ]
                assert not odd, path
