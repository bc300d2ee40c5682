"""The page in a real browser: drawn without its script, moved with it, and safe from its text."""

import shutil
from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from logpipe.report.html import render_html, sealed
from logpipe.report.nights import index_page
from tests.test_report import (
    MARK,
    PAYLOADS,
    finding,
    full_report,
    incident,
    payload_reports,
    report,
    series,
    source,
)

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, of group dev")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium, a real browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]
PATIENCE = 15_000  # milliseconds
TALL = {"width": 1280, "height": 3000}  # nothing scrolls, which would hide what a mark says


class Shown(NamedTuple):
    """A page in the browser, what it printed, asked of the network and was refused, its dialogs."""

    page: Any
    said: list[str]
    asked: list[str]
    refused: list[str]
    dialogs: list[str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=PATIENCE)
        yield browser
        browser.close()


def _dismiss(shown: Shown, opened: Any) -> None:
    shown.dialogs.append(opened.message)
    opened.dismiss()


class Show:
    """Opens pages, each in a window of its own."""

    def __init__(self, browser: Any, folder: Path) -> None:
        self.browser, self.folder, self.count = browser, folder, 0
        self.windows: list[Any] = []

    def __call__(self, html: str, **window: Any) -> Shown:
        self.count += 1
        path = self.folder / f"{self.count}.html"
        path.write_text(html, "utf-8")
        self.windows.append(self.browser.new_context(**window))
        page = self.windows[-1].new_page()
        page.set_default_timeout(PATIENCE)
        shown = Shown(page, [], [], [], [])
        page.on("console", lambda words: shown.said.append(words.text))
        page.on("pageerror", lambda error: shown.said.append(str(error)))
        page.on("request", lambda asked: shown.asked.append(asked.url))
        page.on("requestfailed", lambda failed: shown.refused.append(f"{failed.failure}"))
        page.on("dialog", partial(_dismiss, shown))
        page.goto(path.as_uri(), wait_until="load", timeout=PATIENCE)
        assert shown.asked.pop(0) == path.as_uri()
        return shown


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Show]:
    show = Show(browser, tmp_path)
    yield show
    for window in show.windows:
        window.close()


def told() -> dict[str, Any]:
    """Return a report of three incidents on two hosts, one for information."""
    days = [finding(ts=f"2007-09-{day:02}T05:00:00Z", record=day) for day in range(3, 24)]
    ends = finding(role="restart", ts="2007-09-24T05:00:00Z", text="SMTPSVC started", record=99)
    waits = incident(findings=[*days, ends], series=[series()], ended_at=ends["ts"])
    slow = incident(id="slow", host="EX2", severity="low", title="Slow mail", summary="It was slow")
    quiet = incident(id="boot", severity="info", title="Planned reboot", known_problem=None)
    files = [source(first_ts="2007-09-01T00:00:00Z", last_ts="2007-09-25T00:00:00Z")]
    return report(waits, slow | {"known_problem": None}, quiet, sources=files)


def visible(page: Any, what: str = "[data-incident]") -> list[str]:
    """Return the first words of those elements that can be seen."""
    found = page.locator(what).all()
    return [one.get_attribute("data-incident") for one in found if one.is_visible()]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_is_drawn_without_error_or_request_and_fits(
    show: Show, theme: str, width: int
) -> None:
    shown = show(
        render_html(full_report()), color_scheme=theme, viewport={"width": width, "height": 800}
    )
    assert shown.said == shown.asked == shown.dialogs == []
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    assert shown.page.locator("figure.timeline rect").count() >= 3
    assert shown.page.locator("svg.panel path.edge").count() == 4  # two lines, a hole in each
    ink = shown.page.evaluate("getComputedStyle(document.body).color")
    assert ink == {"light": "rgb(28, 33, 38)", "dark": "rgb(228, 232, 235)"}[theme]


def test_without_script_all_is_there_and_nothing_that_needs_it(show: Show) -> None:
    shown = show(render_html(told()), java_script_enabled=False)
    page = shown.page
    assert page.locator("figure.timeline a").first.is_visible()
    assert page.locator("svg.panel").first.is_visible()
    assert not page.locator("#filter").is_visible()
    assert page.locator(".tools").count() == 0
    page.locator("summary", has_text="Evidence: 22").click()
    mark = page.locator("#incident-1 figure a[href]").last
    assert page.locator(str(mark.get_attribute("href"))).is_visible()


def test_the_filter_takes_words_severity_and_host_together(show: Show) -> None:
    page = show(render_html(told())).page
    assert visible(page) == ["1", "2", "1", "2", "3"]  # overview, in full, for information
    page.fill("#filter-text", "SLOW mail")
    assert visible(page) == ["2", "2"]
    assert page.inner_text("#filter-count") == "1 of 3 incidents"
    page.select_option("#filter-host", "GW1")
    assert visible(page) == []
    page.fill("#filter-text", "")
    assert visible(page) == ["1", "1", "3"]
    page.uncheck("#filter [value=info]")
    assert visible(page) == ["1", "1"]
    page.click("text=Show all")
    assert visible(page) == ["1", "2", "1", "2", "3"]
    assert page.inner_text("#filter-count") == ""


def drawn_width(page: Any) -> float:
    """Return how many times as wide as its frame the first timeline is drawn."""
    return float(
        page.evaluate(
            "(() => { const frame = document.querySelector('.scroller');"
            " return frame.scrollWidth / frame.clientWidth; })()"
        )
    )


def test_a_timeline_zooms_by_buttons_keys_and_wheel(show: Show) -> None:
    page = show(render_html(told())).page
    frame = page.locator(".scroller").first
    seen = page.locator(".tools output").first
    assert drawn_width(page) == 1
    page.locator("button[aria-label='Zoom in']").first.click()
    assert drawn_width(page) == pytest.approx(2, abs=0.02)
    assert "2007-09-" in seen.inner_text()
    frame.focus()
    page.keyboard.press("+")
    assert drawn_width(page) == pytest.approx(4, abs=0.02)
    before = seen.inner_text()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "(old) => document.querySelector('.tools output').textContent !== old", arg=before
    )
    labels = page.locator(".scroller svg.zoomed > g:first-child text").all_text_contents()
    assert labels
    assert any(label.startswith("1") and "Sep" in label for label in labels)
    page.keyboard.press("-")
    assert drawn_width(page) == pytest.approx(2, abs=0.02)
    frame.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_function(
        "(() => { const frame = document.querySelector('.scroller');"
        " return frame.scrollWidth > 2.4 * frame.clientWidth; })()"
    )
    frame.focus()
    page.keyboard.press("0")
    assert drawn_width(page) == 1
    assert seen.inner_text() == ""


def test_a_mark_says_its_finding_to_the_mouse_and_to_the_keyboard(show: Show) -> None:
    page = show(render_html(told()), viewport=TALL).page
    tip = page.locator(".tip")
    marks = page.locator("#incident-1 figure a")
    marks.nth(3).hover()
    assert "2007-09-06 05:00:00: message waits" in tip.inner_text()
    page.locator(".scroller").first.focus()
    page.keyboard.press("Tab")
    assert "2007-09-03 05:00:00: message waits" in tip.inner_text()
    page.keyboard.press("ArrowRight")
    assert "2007-09-04 05:00:00" in tip.inner_text()
    page.keyboard.press("End")
    assert "2007-09-24 05:00:00: SMTPSVC started" in tip.inner_text()
    page.keyboard.press("Escape")
    assert not tip.is_visible()


def test_a_line_beneath_says_how_much_it_was_and_nothing_where_that_is_not_known(
    show: Show,
) -> None:
    told = report(incident(series=[series()], findings=[finding(), finding(record=3)]))
    told["incidents"][0]["ended_at"] = "2007-09-03T14:00:00Z"
    page = show(render_html(told), viewport=TALL).page
    tip, panel = page.locator(".tip"), page.locator("svg.panel")
    box = panel.bounding_box()
    for hour, said in ((5.5, "Waiting messages: 5"), (7.5, "Waiting messages: 1"), (10, None)):
        x = box["width"] * (0.005 + 0.99 * (hour - 5) / 9)
        panel.hover(position={"x": x, "y": 20})
        assert (tip.inner_text() if tip.is_visible() else None) == said


def test_a_click_on_a_mark_unfolds_and_shows_its_evidence(show: Show) -> None:
    page = show(render_html(told())).page
    row = page.locator("#incident-1 .evidence tbody tr").nth(3)
    assert not row.is_visible()
    page.locator("#incident-1 figure a").nth(3).click()
    assert row.is_visible()
    assert row.evaluate("row => row.matches(':target')")
    assert "2007-09-06 05:00:00" in row.inner_text()


def test_printing_shows_all_evidence_and_no_tools(show: Show) -> None:
    shown = show(render_html(told()))
    shown.page.emulate_media(media="print")
    assert shown.page.locator("#incident-1 .evidence tbody tr").nth(3).is_visible()
    assert not shown.page.locator(".tools").first.is_visible()
    assert not shown.page.locator("#filter").is_visible()
    assert shown.page.pdf()[:5] == b"%PDF-"


def hostile(reports: list[dict[str, Any]]) -> str:
    """Return one page of all these reports."""
    whole = report(sources=[])
    for one in reports:
        whole["sources"] += one["sources"]
        whole["incidents"] += one["incidents"]
    return render_html(whole)


def assert_nothing_ran(shown: Shown) -> None:
    """Touch all there is to touch; nothing of a log runs, asks or says anything."""
    page = shown.page
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for mark in page.locator("figure.timeline a").all()[:6]:
        mark.dispatch_event("pointerover")
        mark.dispatch_event("focusin")
    for host in page.locator("#filter-host option").all()[:6]:
        page.locator("#filter-host").select_option(index=host.evaluate("one => one.index"))
    page.fill("#filter-text", "script")
    page.fill("#filter-text", "")
    page.wait_for_timeout(200)
    assert page.title().startswith("logpipe:")
    assert page.evaluate("document.scripts.length") == 1
    assert shown.asked == shown.dialogs == shown.said == []


def without_policy(html: str) -> str:
    """Return the page without its policy, so that it is the escaping that is tested."""
    before, _, after = html.partition('<meta http-equiv="Content-Security-Policy"')
    return before + after.partition(">")[2]


@pytest.mark.parametrize("keep", [True, False], ids=["policy", "no-policy"])
def test_no_payload_in_any_field_runs_asks_or_opens_anything(show: Show, *, keep: bool) -> None:
    html = hostile(payload_reports())
    assert_nothing_ran(show(html if keep else without_policy(html)))


def test_a_megabyte_in_every_field_is_a_page_that_opens(show: Show) -> None:
    long = deepcopy(full_report())
    for one in long["incidents"]:
        one.update(dict.fromkeys(("title", "summary", "host"), PAYLOADS[1] * 20_000))
        one["missing_evidence"] = ["<script>" * 130_000]
    html = render_html(long)
    assert len(html) < 1_000_000
    assert_nothing_ran(show(html))


def test_the_policy_stops_scripts_styles_handlers_and_requests_that_were_let_through(
    show: Show,
) -> None:
    let = f"<script>{MARK}</script><img src='https://x.example/i' onerror={MARK}>"
    let += "<style>h1 { display: none }</style><iframe src='https://x.example/f'></iframe>"
    shown = show(render_html(told()).replace("</main>", f"{let}</main>"))
    assert shown.page.title().startswith("logpipe: ")
    assert shown.page.locator("h1").is_visible()
    assert len(shown.asked) == len(shown.refused)
    assert all(reason in ("csp", "net::ERR_BLOCKED_BY_CSP") for reason in shown.refused)
    assert sum("Content Security Policy" in words for words in shown.said) >= 3
    assert shown.page.locator(".tools").first.is_visible()  # our own script ran


def test_the_hash_of_the_policy_is_of_what_the_page_holds() -> None:
    assert sealed("page.js").hash.startswith("sha256-")
    assert sealed("page.js").hash != sealed("style.css").hash


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(show: Show, theme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    full = full_report() | {"incidents": [*told()["incidents"], *full_report()["incidents"]]}
    page = show(render_html(full), color_scheme=theme, bypass_csp=True).page
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = axe.Axe().run(page).response["violations"]
    grave = [
        (one["id"], one["help"], one["nodes"][0]["html"][:200], one["nodes"][0]["failureSummary"])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert grave == []


def test_the_page_of_all_nights_has_its_style_and_no_error(show: Show) -> None:
    shown = show(index_page([], [], [], set()))
    assert shown.said == shown.asked == []
    assert shown.page.evaluate("getComputedStyle(document.body).margin") == "0px"
