"""The report: what people and tools read of it, and what a hostile log cannot do to it."""

import json
import re
import shutil
import subprocess
from collections import Counter
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from logpipe.errors import LogpipeError
from logpipe.report._words import duration_words, list_words, measure_words, span_words
from logpipe.report.html import render_html, sealed
from logpipe.report.jsonfile import write_report
from logpipe.report.text import clean, file_lines, summary_lines
from logpipe.report.timeline import timeline_rows, write_jsonl

CHROMIUM = shutil.which("chromium")
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
QUIET += ["--disable-sync", "--disable-background-networking", "--disable-component-update"]

MARK = "document.title='owned'"
PAYLOADS = [
    f"<script>{MARK}</script>",
    f"</style></title></script><script>{MARK}</script>",
    f'"><img src=x onerror={MARK}>',
    f"' onmouseover='{MARK}' x='",
    f"--><svg onload={MARK}>",
    f"javascript:{MARK}",
    f"data:text/html,<script>{MARK}</script>",
    f"</style><style>*{{background:url(https://x.example/css)}}</style>}} body{{color:red;{MARK}",
    f"<svg><animate onbegin={MARK} attributeName=x dur=1s /><use href='https://x.example/u'/></svg>",
    f"</title><math><mtext><style><img src=x onerror={MARK}>",
    f"</svg></a></textarea><iframe srcdoc='<script>parent.{MARK}</script>'>",
    f"${{alert(1)}}`+{MARK}+`<!--<script>",
    "\u003cscript\u003e\\\"';//*/",
    f'https://x.example/" onclick="{MARK}',
    "{{7*7}}{% raw %}${7*7}",
    "safe\u202egnp.exe\u2066\u200f",
    "a\x00b\x1b[2J\x07\x7f\x9b31m",
    "two\r\nlines\u2028\u2029",
    "file-\udce4.log",
    "&lt;b&gt;&amp;&#60;",
    "x" * 100_000,
    "\u202e" * 20_000,
    "",
]


def finding(**known: Any) -> dict[str, Any]:
    """Return a finding of the fixed shape."""
    return {
        "ts": "2007-09-03T05:00:16Z",
        "ts_end": None,
        "role": "symptom",
        "host": "GW1",
        "text": "message waits without an attempt to send",
        "source": "bundle/gw1.zip!ex070903.log",
        "record": 17,
    } | known


def incident(**known: Any) -> dict[str, Any]:
    """Return an incident of the fixed shape."""
    return {
        "id": "idle-until-restart-GW1-1",
        "rule": "idle-until-restart",
        "known_problem": "KB934709",
        "verdict": "confirmed",
        "severity": "high",
        "host": "GW1",
        "service": "SMTPSVC",
        "started_at": "2007-09-03T05:00:16Z",
        "ended_at": "2007-09-12T06:10:00Z",
        "title": "112 messages lay idle until the SMTP service was restarted",
        "summary": "112 messages were neither sent nor refused until SMTPSVC was restarted.",
        "measures": {"messages": 112, "longest_wait_h": 201.2},
        "signs": [{"id": "A", "title": "released by a restart", "state": "present"}],
        "missing_evidence": ["listing of the queue folder"],
        "findings": [finding(), finding(role="restart", ts="2007-09-12T06:04:11Z", record=9)],
    } | known


def source(**known: Any) -> dict[str, Any]:
    """Return a source of the fixed shape."""
    return {
        "path": "bundle/gw1.zip!ex070903.log",
        "format": "smtpsvc-w3c",
        "host": "GW1",
        "records": 100,
        "rows": 97,
        "duplicates": 2,
        "rejects": 1,
        "status": "loaded",
    } | known


def series(**known: Any) -> dict[str, Any]:
    """Return a line of an incident, with a hole in it."""
    hours = [5, 6, 7, 12, 13]
    return {
        "kind": "queue",
        "name": "Waiting messages",
        "unit": "messages",
        "host": "GW1",
        "step_h": 1,
        "points": [[f"2007-09-03T{hour:02}:00:00Z", hour % 6] for hour in hours],
    } | known


def report(*incidents: dict[str, Any], sources: Any = None) -> dict[str, Any]:
    """Return a report of the fixed shape; the optional keys are all missing."""
    return {"sources": [source()] if sources is None else sources, "incidents": list(incidents)}


def lost(path: str, status: str = "unknown", **known: Any) -> dict[str, Any]:
    """Return a source of which nothing was read."""
    nothing = {"records": 0, "rows": 0, "duplicates": 0, "rejects": 0}
    return source(path=path, status=status, **nothing, **known)


class Page(HTMLParser):
    """Collects the elements, attributes and visible words of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: set[tuple[str, str]] = set()
        self.links: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes |= {(tag, name) for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        if tag not in ("meta", "wbr", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def poisoned(value: Any, payload: str) -> Any:
    """Return the same shape with the payload in the place of every string, keys of measures too."""
    if isinstance(value, dict):
        return {key: poisoned(item, payload) for key, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item, payload) for item in value]
    return payload if isinstance(value, str) else value


def full_report() -> dict[str, Any]:
    """Return a report in which every key that is known is used."""
    extra = {"why": "It does.", "todo": "Mend it.", "references": ["https://x.example/kb"]}
    notes = {"generation": "IIS 6", "note": "damaged", "recovered": 3, "host_known_by": "banner"}
    times = {"first_ts": "2007-09-01T00:00:00Z", "last_ts": "2007-09-14T00:00:00Z", "zone": "CET"}
    lines = {"series": [series(), series(kind="memory", name="Private bytes of store", unit="MiB")]}
    states = ["loaded", "duplicate", "unknown", "partial", "failed"]
    return {
        "logpipe": "0.1.0",
        "sources": [source(path=s, status=s, **notes, **times) for s in states],
        "incidents": [
            incident(
                **extra,
                **lines,
                findings=[
                    finding(role=role, raw="2007-09-03 GW1 MAIL")
                    for role in ("symptom", "restart", "sign")
                ],
            ),
            incident(**extra, id="2", severity="info"),
        ],
        **lines,
    }


def payload_reports() -> list[dict[str, Any]]:
    """Return reports with a payload in every field, in every text field, and in measures' names."""
    reports = []
    for payload in PAYLOADS:
        reports.append(poisoned(full_report(), payload))
        kept = full_report()  # times, roles and severities stay, so that all is drawn and grouped
        for entry in kept["incidents"]:
            entry["measures"] = {payload: payload, f"{payload}_h": 3.0, "hosts": [payload]}
            for key in ("id", "rule", "known_problem", "verdict", "host", "service", "title"):
                entry[key] = payload
            for key in ("summary", "why", "todo"):
                entry[key] = payload
            entry["references"] = [payload, f"https://{payload}", f"https://x.example/{payload}"]
            for item in entry.get("series", []):
                item |= {"name": payload, "unit": payload, "host": payload}
            for item in entry["findings"]:
                item |= {
                    "raw": payload,
                    "host": payload,
                    "text": payload,
                    "source": payload,
                    "record": payload,
                }
        reports.append(kept)
    return reports


def test_a_payload_in_any_field_adds_no_element_and_no_attribute() -> None:
    own = Page(render_html(full_report()))
    for hostile in payload_reports():
        html = render_html(hostile)
        page = Page(html)
        assert set(page.elements) <= set(own.elements)
        assert page.attributes <= own.attributes
        assert all(link.startswith(("#", "https://")) for link in page.links)
        assert len(html) < 500_000
        html.encode()  # no lone surrogate is left


def test_the_page_has_one_script_that_is_ours_no_handler_and_a_policy() -> None:
    html = render_html(full_report())
    page = Page(html)
    assert not {"iframe", "link", "img", "form", "object"} & set(page.elements)
    assert not [name for _, name in page.attributes if name.startswith("on") or name == "style"]
    assert page.elements["script"] == page.elements["style"] == 1
    script, style = (sealed(name) for name in ("page.js", "style.css"))
    assert f"<script>{script.text}</script>" in html
    policy = f"default-src 'none'; style-src '{style.hash}'; script-src '{script.hash}'"
    assert f'content="{policy}; img-src data:; base-uri' in html
    assert "url(" not in html
    assert "@import" not in html


def test_the_script_cannot_make_markup_or_code_of_text() -> None:
    script = str(sealed("page.js").text)
    made = re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(", script)
    assert made == []
    assert "</" not in script.replace("<=", "")
    assert "<!--" not in script
    assert not re.search(r"fetch|XMLHttp|WebSocket|import\(|localStorage|cookie", script)


def test_control_and_bidi_characters_are_shown_as_escapes() -> None:
    assert clean("safe\u202egnp") == r"safe\u202egnp"
    assert clean("a\x00\x1b[2J\r\n\t") == r"a\u0000\u001b[2J\r\n\t"
    assert clean("\U000e0041\udce4") == r"\U000e0041\udce4"
    assert clean("Größe 東京 ñ") == "Größe 東京 ñ"
    page = Page(render_html(report(incident(title="safe\u202egnp.exe"))))
    assert r"safe\u202egnp.exe" in page.text


def test_a_payload_reaches_the_terminal_as_one_clean_narrow_line() -> None:
    for hostile in payload_reports():
        lines = summary_lines(hostile)
        assert all(line == clean(line) and len(line) <= 80 for line in lines)
        assert len(lines) < 45


def test_the_fixed_shape_alone_is_enough() -> None:
    page = Page(render_html(report(incident())))
    assert "112 messages lay idle until the SMTP service was restarted" in page.text
    assert "201.2 h (8 days 9 h)" in page.text
    assert "2007-09-03 05:00 to 2007-09-12 06:10 (9 days 1 h)" in page.text
    assert "Known problem KB934709 : confirmed" in page.text
    assert "listing of the queue folder" in page.text
    assert "record 17" in page.text
    assert "100 records are 97 rows, 2 duplicates and 1 rejects; every file balances" in page.text


def test_nulls_where_the_shape_allows_them_read_well() -> None:
    bare = incident(known_problem=None, verdict=None, host=None, service=None, measures={})
    bare |= {"started_at": None, "ended_at": None, "findings": [], "signs": []}
    page = Page(render_html(report(bare, sources=[source(host=None, format=None)])))
    assert "None" not in page.text
    assert "time unknown" in page.text
    assert "None" not in "\n".join(summary_lines(report(bare, sources=[source(host=None)])))


def test_an_empty_report_says_that_nothing_was_found() -> None:
    nothing = report(sources=[])
    assert "No files were found" in Page(render_html(nothing)).text
    assert "No files were found" in "\n".join(summary_lines(nothing))


def test_no_incident_above_info_is_said_in_plain_words() -> None:
    calm = report(incident(severity="info", title="Planned reboot", rule="scheduled-restart"))
    page = Page(render_html(calm))
    assert "No incident of severity low or higher in 1 file" in page.text
    assert "Planned reboot" in page.text
    lines = "\n".join(summary_lines(calm))
    assert "No incident of severity low or higher in 1 file." in lines
    assert "1 more: scheduled-restart" in lines


def test_silence_is_not_praised_when_files_could_not_be_read() -> None:
    partly = report(sources=[source(), lost("a.bin")])
    assert (
        "No incident of severity low or higher in 1 file, but 1 could not be read"
        in Page(render_html(partly)).text
    )
    none = report(sources=[lost("a.bin")])
    assert "No file could be read, so nothing can be said" in Page(render_html(none)).text


def test_an_ongoing_incident_says_since_when() -> None:
    lasting = report(incident(ended_at=None))
    assert "since 2007-09-03 05:00, ongoing" in Page(render_html(lasting)).text
    assert "since 2007-09-03 05:00, ongoing" in "\n".join(summary_lines(lasting))


def test_incidents_come_worst_first() -> None:
    names = ["info", "low", "critical", "medium", "high"]
    mixed = report(*[incident(id=name, severity=name, title=f"T-{name}") for name in names])
    text = Page(render_html(mixed)).text
    order = sorted(names, key=lambda name: text.rindex(f"T-{name}"))
    assert order == ["critical", "high", "medium", "low", "info"]
    heads = [line.split()[0] for line in summary_lines(mixed) if "T-" in line]
    assert heads == ["CRITICAL", "HIGH", "MEDIUM", "LOW"]


def test_an_unknown_severity_is_still_shown() -> None:
    assert "T-odd" in Page(render_html(report(incident(severity="odd", title="T-odd")))).text


def test_ten_thousand_findings_are_a_small_page_that_says_what_it_leaves_out() -> None:
    many = [
        finding(
            ts=f"2007-09-{day:02}T{n // 60 % 24:02}:{n % 60:02}:00Z",
            ts_end="2007-09-28T00:00:00Z" if n % 2 else None,
            role=("symptom", "restart", "release", "cause")[n % 4],
            text="<&\"'" * 100,
            record=n,
        )
        for day in range(1, 11)
        for n in range(1000)
    ]
    html = render_html(report(incident(findings=many)))
    page = Page(html)
    assert len(html.encode()) < 10_000_000
    assert page.elements["rect"] <= 310
    assert page.elements["tr"] <= 210
    assert "of 10,000 findings are drawn" in page.text
    assert "9,800 more in report.json and in table finding" in page.text
    spread = [incident(id=str(n), findings=many[n * 10 : n * 10 + 10]) for n in range(1000)]
    html = render_html(report(*spread))
    assert len(html.encode()) < 10_000_000
    assert "800 more incidents are not shown in full" in Page(html).text


def test_no_lane_is_crowded_out_of_the_evidence() -> None:
    waits = [finding(record=n) for n in range(500)]
    late = finding(role="release", ts="2007-09-12T06:05:00Z", text="released at last")
    page = Page(render_html(report(incident(findings=[*waits, late]))))
    assert "released at last" in page.text
    assert "301 more" in page.text


def test_every_time_a_log_can_name_can_be_drawn() -> None:
    odd = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:00:00-05:00"]
    odd += ["1601-01-01T00:00:00Z", "yesterday", "2007-09-03", "2007-09-03T05:00:16.123456+02:00"]
    for first in odd:
        for last in [*odd, None]:
            found = [finding(ts=first, ts_end=last), finding(ts=last)]
            render_html(report(incident(started_at=first, ended_at=last, findings=found)))
            summary_lines(report(incident(started_at=first, ended_at=last)))


def test_files_are_grouped_with_problems_first_and_what_to_do() -> None:
    files = [source(path="good.log"), lost("odd.bin", note="no format claims it")]
    files += [lost("cut.blg", "failed", note="truncated after 512 bytes")]
    files += [source(path="part.evtx", status="partial"), source(path="off.log", rows=96)]
    text = Page(render_html(report(sources=files))).text
    order = ["cut.blg", "odd.bin", "part.evtx", "off.log", "good.log"]
    assert sorted(order, key=text.rindex) == order
    assert "truncated after 512 bytes" in text
    assert "fetch a fresh copy" in text
    assert "not every file balances" in text


def test_the_text_fits_eighty_columns_and_tells_the_story() -> None:
    files = [source(), *[lost(f"{'deep/' * 30}{n}.bin", note="odd " * 40) for n in range(9)]]
    long = incident(title="word " * 60, summary="word " * 200, id="2", severity="low")
    lines = summary_lines(report(incident(), long, sources=files), report_path="OUT/report.html")
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].startswith("1 of 10 files read, 9 not read; 100 records from 1 host")
    assert lines[-1] == "Report: OUT/report.html"
    assert '  and 4 more: logpipe query "SELECT path, note FROM uncovered"' in lines
    text = "\n".join(lines)
    assert "HIGH      112 messages lay idle" in text
    assert "2007-09-03 05:00 to 2007-09-12 06:10 (9 days 1 h), 112 messages" in text


def test_logs_and_archives_that_were_not_read_are_named_before_pictures() -> None:
    odd = "no known log format: begins with x"
    notes = {"a.jpg": "no known log format: a picture", "b.txt": odd, "c.log": odd, "d.zip": "bomb"}
    files = [lost(name, format=None, note=note) for name, note in notes.items()]
    lines = file_lines("Not read:", [*files[:1] * 5, *files[1:]], 80)
    assert [line.split(":")[0].strip() for line in lines[2:5]] == ["c.log", "d.zip", "b.txt"]
    assert lines[-1].startswith("  and 3 more: ")


def test_files_of_unknown_hosts_and_strangers_that_wrote_bounces_are_counted_apart() -> None:
    local = {"zone": None, "first_ts": "2007-09-03T05:00:00Z"}
    files = [source(), source(host=None, **local), source(host="GW2", **local)]
    files.append(source(host="MX.FAR", format="ndr"))
    text = "\n".join(summary_lines(report(sources=files)))
    assert "from 2 hosts" in text
    assert "2 files of GW2 and unknown hosts: local times" in text


def test_the_timeline_is_in_order_of_time_whatever_the_digits() -> None:
    times = ["2007-09-03T05:00:00Z", "2007-09-03T05:00:00.5Z", "2007-09-03T05:00:01Z"]
    found = [finding(ts=ts, record=n) for n, ts in enumerate(times)]
    rows = timeline_rows(report(incident(findings=found[::-1])))
    assert [row["datetime"] for row in rows] == times
    assert {"message", "datetime", "timestamp_desc"} <= rows[0].keys()


def test_the_timeline_does_not_depend_on_the_order_of_what_is_given() -> None:
    found = [finding(record=n, role=role) for n in range(3) for role in ("sign", "cause")]
    ahead = report(incident(findings=found), incident(id="2", findings=found))
    behind = deepcopy(ahead)
    behind["incidents"].reverse()
    for entry in behind["incidents"]:
        entry["findings"].reverse()
    assert timeline_rows(ahead) == timeline_rows(behind)


def test_a_finding_without_a_time_stands_where_its_incident_starts() -> None:
    (row,) = timeline_rows(report(incident(findings=[finding(ts=None)])))
    assert row["datetime"] == "2007-09-03T05:00:16Z"
    assert "time unknown" in row["timestamp_desc"]


def test_jsonl_is_one_object_a_line_with_bare_newlines(tmp_path: Path) -> None:
    path = tmp_path / "timeline.jsonl"
    texts = ["Größe\r\n\u2028", "file-\udce4.log"]
    write_jsonl(timeline_rows(report(incident(findings=[finding(text=t) for t in texts]))), path)
    lines = path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert sorted(json.loads(line)["message"] for line in lines) == sorted(texts)
    assert b"\r" not in path.read_bytes()
    assert "Größe".encode() in path.read_bytes()


def test_json_is_the_same_bytes_each_time_with_keys_in_the_order_given(tmp_path: Path) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    write_report(report(incident()), first)
    write_report(report(incident()), second)
    second.write_text("old", "utf-8")
    write_report(report(incident()), second)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().endswith(b"}\n")
    assert list(json.loads(first.read_bytes())) == ["sources", "incidents"]
    assert json.loads(first.read_bytes()) == report(incident())


def test_json_refuses_nan_and_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old", "utf-8")
    with pytest.raises(ValueError, match="JSON"):
        write_report(report(incident(measures={"wait_h": float("nan")})), path)
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_an_error_the_user_can_mend(tmp_path: Path) -> None:
    with pytest.raises(LogpipeError, match="--out"):
        write_report(report(), tmp_path / "absent" / "report.json")


def test_the_page_is_the_same_bytes_each_time() -> None:
    assert render_html(full_report()) == render_html(full_report())


def test_numbers_and_spans_read_as_people_say_them() -> None:
    assert measure_words("longest_wait_h", 201.2) == ("Longest wait", "201.2 h (8 days 9 h)")
    assert measure_words("growth_mb_per_day", 41) == ("Growth", "41 MB per day")
    assert measure_words("ndrs", 1234) == ("NDRs", "1,234")
    assert measure_words("share_pct", 12.5) == ("Share", "12.5%")
    assert measure_words("wait_h", float("inf")) == ("Wait", "not a number h")
    assert measure_words("free_mb", None) == ("Free", "unknown")
    assert span_words("2007-09-03T05:00:00Z", "2007-09-03T06:10:00Z") == "2007-09-03 05:00 to 06:10"
    said = [duration_words(seconds) for seconds in (5.25, 65, 3600, 90000)]
    assert said == ["5.2 s", "1 min 5 s", "1 h", "1 day 1 h"]
    assert list_words(["a"]) == "a"
    assert list_words(["a", "b", "c"], limit=2) == "a, b and 1 more"


def in_browser(html: str, folder: Path) -> str:
    """Return the page as a real browser holds it once everything that runs has run."""
    page, profile = folder / "page.html", folder / "profile"
    page.write_text(html, "utf-8")
    profile.mkdir()
    command = [str(CHROMIUM), *QUIET, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()]
    ran = subprocess.run(command, capture_output=True, timeout=120, check=True)  # noqa: S603
    return ran.stdout.decode()


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium to run the page in a real browser")
def test_no_payload_runs_in_a_real_browser(tmp_path: Path) -> None:
    hostile = report()
    for full in payload_reports():
        hostile["sources"] += full["sources"]
        hostile["incidents"] += full["incidents"]
    html = render_html(hostile)
    # Without the policy, so that it is the escaping that is tested.
    bare = re.sub(r"<meta http-equiv=[^>]*>", "", html)
    assert bare != html
    dom = in_browser(bare, tmp_path)
    title = re.search(r"<title>(.*?)</title>", dom)
    assert title is not None
    assert title[1].startswith("logpipe: ")
    page = Page(dom)
    assert not {"img", "iframe", "math", "animate"} & set(page.elements)
    assert page.elements["script"] == 1
    assert not [name for _, name in page.attributes if name.startswith("on")]


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium to run the page in a real browser")
def test_the_browser_runs_a_payload_that_is_not_escaped(tmp_path: Path) -> None:
    dom = in_browser(f"<title>logpipe: x</title>{PAYLOADS[0]}", tmp_path)
    assert "<title>owned</title>" in dom


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium to run the page in a real browser")
def test_the_policy_alone_stops_a_payload_too(tmp_path: Path) -> None:
    html = render_html(report()).replace("</main>", f"{PAYLOADS[0]}</main>")
    assert "<title>owned</title>" not in in_browser(html, tmp_path)


def test_kinds_of_logs_that_were_not_read_are_told_with_what_to_collect() -> None:
    mail, events = "No mail log was read: late", "No event log was read: restarts"
    for formats, told, untold in (
        (["pdh_csv"], [mail, events], []),
        (["smtpsvc_w3c"], [events], [mail]),
        (["tracking_2007", "evtx"], [], [mail, events]),
    ):
        given = report(incident(), sources=[source(format=name) for name in formats])
        lines = summary_lines(given)
        assert all(len(line) <= 80 for line in lines)
        page = render_html(given)
        assert all(words in " ".join(lines) and words in page for words in told)
        assert not any(words in " ".join(lines) or words in page for words in untold)


def test_what_is_missing_stands_whole_and_once_with_the_incidents_that_lack_it() -> None:
    long = f"version of aqueue.dll: {'wmic datafile get Name,Version ' * 30}> fv.csv"
    told = [incident(id=name, missing_evidence=[long, "a listing"]) for name in ("a", "b")]
    told.append(incident(id="c", severity="info", missing_evidence=["of no concern"]))
    html = render_html(report(*told))
    what, _, command = long.replace(">", "&gt;").partition(": ")
    assert html.count(f'<li>{what}:<pre class="command" tabindex="0">{command}</pre>') == 3
    text = Page(html).text
    assert "What to collect" in text
    _, _, collect = text.partition("rule them out.")
    assert "for incidents 1 , 2" in collect
    assert "of no concern" not in collect


def test_what_the_logs_cover_is_told_by_host_and_kind() -> None:
    days = [(3, 4), (4, 5), (9, 10)]
    files = [
        source(
            path=f"{first}.log",
            first_ts=f"2007-09-{first:02}T00:00:00Z",
            last_ts=f"2007-09-{last:02}T00:00:00Z",
        )
        for first, last in days
    ]
    files.append(lost("odd.bin"))
    text = Page(html := render_html(report(sources=files))).text
    assert "GW1 smtpsvc-w3c 3 2007-09-03 00:00 to 2007-09-10 00:00" in text
    covered = html.partition('id="coverage"')[2].partition("</section>")[0]
    assert covered.count("<rect") == 2  # two days that touch are one bar
    assert "What the logs cover" not in render_html(report(sources=[lost("odd.bin")]))


def test_an_incident_names_the_command_that_quotes_its_lines() -> None:
    page = Page(render_html(report(incident(), incident(id="-rf $(reboot)", severity="low"))))
    assert "Raw lines: logpipe explain idle-until-restart-GW1-1 --db STORE" in page.text
    assert page.text.count("Raw lines") == 1
