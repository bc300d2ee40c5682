"""The site builds without a warning, has a page for every rule, and needs no network."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs.make_site import problem_pages, rule_pages, unlinked
from logpipe.rules import load_rules

ROOT = Path(__file__).parents[1]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
PROBLEMS = {"KB934709", "KB941060", "KB910932", "KB944903", "Q176708"}
PATIENCE = 15_000  # milliseconds


def test_every_rule_has_a_page_with_its_cases_numbers_and_sql() -> None:
    made = rule_pages()
    assert set(made) == {rule.id for rule in load_rules()}
    for name, text in made.items():
        assert text.startswith(f"# {name}\n")
        for part in ("What to do.", "## Cases in which it fires\n\n* ", "## Its SQL\n\n```sql\n"):
            assert part in text, f"{name} lacks {part}"


def test_every_known_problem_has_a_page_with_its_signs_and_verdicts() -> None:
    made = problem_pages()
    assert set(made) == PROBLEMS
    for name, text in made.items():
        assert re.search(r"^\| A \| signature \| ", text, re.MULTILINE), name
        assert re.search(r"^\| confirmed \| ", text, re.MULTILINE), name
        assert "## How it is told apart\n\n" in text, name


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("zensical", reason="needs zensical, of group docs")
    folder = tmp_path_factory.mktemp("built") / "site"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "docs.make_site", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_site_has_every_page_and_loads_nothing_from_a_network(site: Path) -> None:
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    names = {f"{path.stem}.html" for path in (ROOT / "docs").glob("*.md")} - {"README.html"}
    assert pages >= names | {"index.html", "samples.html", "changes.html"}
    assert pages >= {f"rules/{rule.id}.html" for rule in load_rules()}
    assert pages >= {f"known-problems/{name}.html" for name in PROBLEMS}
    assert list(unlinked(site)) == []


def test_the_search_of_the_site_works_from_files_and_without_a_network(site: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if CHROMIUM is None:
        pytest.skip("needs chromium, a real browser")
    asked: list[str] = []

    def note(request: Any) -> None:
        if request.url.startswith(("http", "ws")):
            asked.append(request.url)

    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"], timeout=PATIENCE
        )
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", note)
        page.goto((site / "rules" / "log-gap.html").as_uri())
        page.wait_for_timeout(500)
        page.keyboard.press("Control+k")
        box = page.locator("input[placeholder=Search]").first
        box.fill("ZombieDomainEntryThreshold")
        page.get_by_text(re.compile(r"^\d+ results?$")).first.wait_for()
        assert box.input_value() == "ZombieDomainEntryThreshold"
        browser.close()
    assert asked == []
