"""Times the page of large reports: ``python -m benchmarks.page``.

Prints a line in Markdown for each: CPU seconds to render it, its size, and how a headless Chromium
opens it: seconds by the clock until something is painted and until the load event, with the script
run; CPU seconds of the page's thread; seconds until a word typed into the filter has taken effect.
Medians of three windows.
"""

import argparse
import shutil
import statistics
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any

from logpipe.report.html import render_html

START = datetime(2007, 9, 3, 5, tzinfo=UTC)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]
ROLES = ("symptom", "restart", "release", "cause")
HEAD = (
    "| page | render CPU s | MB | painted s | loaded s | opening CPU s | filter s |\n"
    "|---|---|---|---|---|---|---|"
)
SHAPES = (
    ("10,000 findings in 1 incident", 1, 10_000),
    ("10,000 findings in 20 incidents", 20, 500),
    ("10,000 findings in 2,000 incidents", 2000, 5),
)
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
METRICS = "Performance.getMetrics"
FILTER = """() => {
  const began = performance.now(), text = document.getElementById('filter-text');
  text.value = 'relay7'; text.dispatchEvent(new Event('input', { bubbles: true }));
  document.body.getBoundingClientRect();
  return performance.now() - began;
}"""


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _incident(number: int, findings: int) -> dict[str, Any]:
    begun = START + timedelta(hours=number % 500)
    host = f"RELAY{number % 40}"
    times = [begun + timedelta(minutes=17 * n) for n in range(findings)]
    points = [[_iso(begun + timedelta(hours=n)), (n * 7) % 60] for n in range(200)]
    line = {"kind": "queue", "name": "Waiting messages", "unit": "messages", "host": host}
    return {
        "id": f"idle-until-restart-{number}",
        "rule": "idle-until-restart",
        "known_problem": "KB934709",
        "verdict": "supported",
        "severity": ("critical", "high", "medium", "low")[number % 4],
        "host": host,
        "service": "SMTPSVC",
        "started_at": _iso(begun),
        "ended_at": _iso(times[-1]),
        "title": f"{findings} messages lay idle on {host} until SMTPSVC was restarted",
        "summary": "Messages lay untried in the queue until the restart set them free.",
        "why": "A queue that is not tried although its destination takes mail is stuck.",
        "todo": "Restart the service, and install the hotfix that the known problem names.",
        "measures": {"messages": findings, "longest_wait_h": 116.3},
        "signs": [{"id": "A", "title": "released by a restart", "state": "present"}] * 6,
        "missing_evidence": ["listing of the queue folder: dir /s /od C:\\\\Inetpub\\\\mailroot"]
        * 3,
        "considered": [],
        "references": ["https://support.example/kb/934709"],
        "series": [line | {"step_h": 1, "points": points}],
        "findings": [
            {
                "ts": _iso(at),
                "ts_end": _iso(at + timedelta(hours=3)) if n % 2 else None,
                "role": ROLES[n % 4],
                "host": host,
                "text": f"<{n}@corp.example> to someone@partner{n % 9}.example waits without a try",
                "source": f"site.zip!{host}/SmtpSvc/ex0709{n % 28:02}.log",
                "record": n,
            }
            for n, at in enumerate(times)
        ],
    }


def _opened(html: Path, browser: str) -> list[float]:
    """Return what was measured of opening the page, each the median of three windows."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - of group dev

    tries = []
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser, args=FLAGS)
        for _ in range(3):
            page = chromium.new_page()
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            page.goto(html.as_uri(), wait_until="load")
            page.wait_for_function(f"() => {LOADED} > 0 && {PAINTED} > 0")
            cost = {one["name"]: one["value"] for one in session.send(METRICS)["metrics"]}
            clock = [page.evaluate(words) / 1000 for words in (PAINTED, LOADED)]
            tries.append([*clock, cost["ThreadTime"], page.evaluate(FILTER) / 1000])
            page.close()
        chromium.close()
    return [statistics.median(column) for column in zip(*tries, strict=True)]


def main() -> None:
    """Render and open each page."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--browser", default=shutil.which("chromium"))
    browser = words.parse_args().browser
    print(HEAD)  # noqa: T201
    for name, incidents, findings in SHAPES:
        report = {
            "sources": [],
            "incidents": [_incident(number, findings) for number in range(incidents)],
        }
        began = process_time()
        html = render_html(report)
        seconds = process_time() - began
        with tempfile.TemporaryDirectory(prefix="logpipe-page-") as scratch:
            path = Path(scratch) / "page.html"
            path.write_text(html, "utf-8")
            opened = _opened(path, browser) if browser else []
        told = " | ".join(f"{one:.2f}" for one in opened) or " | ".join(4 * ["no browser"])
        print(f"| {name} | {seconds:.2f} | {len(html.encode()) / 1e6:.1f} | {told} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
