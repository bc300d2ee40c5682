#!/usr/bin/env python
"""Makes a site out of docs/: its pages, and one for every rule and known problem.

Run it as ``uv run --group docs python docs/make_site.py [FOLDER]``; the site is then in ``site/``,
or that folder. The pages of rules and problems are made from their SQL each time, and stand nowhere
else, so that they cannot be out of date.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from logpipe.model import Rule
from logpipe.rules import load_rules
from logpipe.sqlfiles import sql_dir, sql_files

DOCS = Path(__file__).parent
ROOT = DOCS.parent
SITE = DOCS / "site"
CASES = ROOT / "tests" / "rules"
# pages that lie elsewhere in the repository, by their place in the site
ELSEWHERE = {"samples.md": ROOT / "samples" / "README.md", "changes.md": ROOT / "CHANGELOG.md"}
NAV: dict[str, list[str]] = {
    "Start": ["tutorial", "case", "asking", "nightly", "delivery", "collecting"],
    "What it says": ["report", "report-forms", "trace", "coverage", "numbers"],
    "Rules": ["rules"],
    "Known problems": ["known-problems"],
    "Reference": ["commands", "tables", "archives", "formats"],
    "How it is built": ["architecture", "performance", "robustness", "decisions", "samples",
                        "changes"],
}  # fmt: skip
SHIM = re.compile(r'<script src="https://unpkg\.com/iframe-worker/shim"[^>]*></script>')
LINK = re.compile(r"\]\(([^)\s:#]*)(#[^)\s]*)?\)")

LOADS = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*>")
ABROAD = re.compile(r"(?:src|href)=[\"']?(?:https?:)?//")
FILLED = re.compile(r"\$\w+")  # what a rule fills in for each incident
NAMED = re.compile(r"\[[\w./-]+\.md\]\(([\w-]+\.md)\)")


def main() -> None:
    """Build the site into the folder that is named."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "site"
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        stage(work)
        programme = shutil.which("zensical", path=str(Path(sys.executable).parent)) or "zensical"
        subprocess.run([programme, "build", "--strict"], cwd=work, check=True)  # noqa: S603
        finish(work / "site")
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(work / "site", out)


def stage(work: Path) -> None:
    """Lay out all pages and the configuration as zensical reads them."""
    pages = work / "docs"
    ignore = shutil.ignore_patterns("*.py", "__pycache__", "site")
    shutil.copytree(DOCS, pages, ignore=ignore)
    (pages / "README.md").rename(pages / "index.md")
    for name, path in ELSEWHERE.items():
        shutil.copy(path, pages / name)
    made = {"rules": rule_pages(), "known-problems": problem_pages()}
    for folder, found in made.items():
        (pages / folder).mkdir(exist_ok=True)
        for name, text in found.items():
            (pages / folder / f"{name}.md").write_text(text, "utf-8")
    for path in pages.rglob("*.md"):
        path.write_text(relinked(path.read_text("utf-8"), path.relative_to(pages)), "utf-8")
    index = (pages / "index.md").read_text("utf-8")
    titled = NAMED.sub(lambda one: f"[{title_of(pages / one[1])}]({one[1]})", index)
    (pages / "index.md").write_text(titled, "utf-8")
    shutil.copy(SITE / "worker.js", pages / "worker.js")
    config = (SITE / "zensical.toml").read_text("utf-8")
    nav = f"[project]\nnav = {toml(nav_of(pages))}\n"
    (work / "zensical.toml").write_text(config.replace("[project]\n", nav, 1), "utf-8")


def finish(site: Path) -> None:
    """Have every page use our own script where zensical names one in a network."""
    for path in site.rglob("*.html"):
        text = path.read_text("utf-8")
        up = "../" * (len(path.relative_to(site).parts) - 1) or "./"
        path.write_text(SHIM.sub(f'<script src="{up}worker.js"></script>', text), "utf-8")


def nav_of(pages: Path) -> list[Any]:
    """Return the navigation: each group with its pages, and those of a folder below its page."""
    nav: list[Any] = [{"logpipe": "index.md"}]
    for group, names in NAV.items():
        below: list[Any] = []
        for name in names:
            inner = sorted((pages / name).glob("*.md"))
            below += [{title_of(pages / f"{name}.md"): f"{name}.md"}]
            below += [{title_of(path): f"{name}/{path.name}"} for path in inner]
        nav.append({group: below})
    return nav


def title_of(path: Path) -> str:
    """Return the first heading of a page."""
    return path.read_text("utf-8").partition("\n")[0].removeprefix("# ").strip()


def toml(value: Any) -> str:
    """Return a value as TOML; texts are written as in JSON."""
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)


def relinked(text: str, place: Path) -> str:
    """Return a page with the links that led elsewhere in the repository mended."""
    moved = {"../samples/README.md": "samples.md", "../CHANGELOG.md": "changes.md"}
    up = "../" * (len(place.parts) - 1)

    def mend(found: re.Match[str]) -> str:
        to = found[1]
        if to in moved:
            to = up + moved[to]
        return f"]({to}{found[2] or ''})"

    return LINK.sub(mend, text)


def rule_pages() -> dict[str, str]:
    """Return the page of every rule, by its id."""
    words = sections(DOCS / "rules.md", 3)
    return {rule.id: rule_page(rule, words.get(rule.id, "")) for rule in load_rules()}


def rule_page(rule: Rule, words: str) -> str:
    """Return what is known of one rule: its header, what the docs say, its cases, its SQL."""
    (path,) = (path for path in (sql_dir() / "rules").rglob("*.sql") if path.stem == rule.id)
    numbers = [file.read_text("utf-8") for file in sql_files("numbers") if file.stem == rule.id]
    cases = tomllib.loads((CASES / f"{rule.id}.toml").read_text("utf-8"))["case"]
    fires = [f"* {plain(case['name'])}" for case in cases if case.get("expect")]
    quiet = [f"* {plain(case['name'])}" for case in cases if not case.get("expect")]
    parts = [
        f"# {rule.id}",
        f"**{plain(FILLED.sub('…', rule.title))}.** Severity {rule.severity}.",
        plain(rule.why),
        f"**What to do.** {plain(rule.todo)}",
        f"**Needs** {plain('; '.join(rule.needs))}. **See** {plain(', '.join(rule.references))}."
        if rule.references
        else f"**Needs** {plain('; '.join(rule.needs))}.",
        words,
        "## Cases in which it fires", "\n".join(fires),
        *(("## Cases in which it stays quiet", "\n".join(quiet)) if quiet else ()),
        *(("## Its numbers, recomputed", fenced(numbers[0])) if numbers else ()),
        "## Its SQL", fenced(path.read_text("utf-8")),
    ]  # fmt: skip
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def problem_pages() -> dict[str, str]:
    """Return the page of every known problem, by its name."""
    words = sections(DOCS / "known-problems.md", 2)
    with duckdb.connect() as con:
        for path in sql_files("knowledge"):
            con.execute(path.read_text("utf-8"))

        def rows(sql: str, *values: str) -> list[tuple[Any, ...]]:
            return con.execute(sql, values).fetchall()

        return {
            str(problem): problem_page(rows, str(problem), words.get(str(problem), ""))
            for (problem,) in rows("SELECT problem FROM known_problem ORDER BY problem")
        }


def problem_page(rows: Callable[..., list[tuple[Any, ...]]], problem: str, words: str) -> str:
    """Return what is known of one problem: its signs, verdicts, fixes, look-alikes."""
    ((title, product, reference, todo),) = rows(
        "SELECT title, product, reference, todo FROM known_problem WHERE problem = ?", problem
    )
    signs = rows(
        "SELECT s.sign_id, s.kind, s.title, c.what FROM known_sign AS s LEFT JOIN (SELECT id,"
        " split_part(text, ':', 1) AS what FROM collect_next) AS c ON c.id = s.collect"
        " WHERE s.problem = ?",
        problem,
    )
    logic = rows(
        "SELECT verdict, way, string_agg(sign_id || ' ' || state, ', ' ORDER BY sign_id)"
        " FROM verdict_logic WHERE problem = ? GROUP BY verdict, way ORDER BY verdict, way",
        problem,
    )
    fixes = rows("SELECT file, branch, version FROM known_fix WHERE problem = ?", problem)
    parts = [
        f"# {problem}",
        f"**{plain(title)}.** Product: {plain(product)}. See {plain(reference)}.",
        f"**What to do.** {plain(todo)}",
        "## Signs", table(("sign", "kind", "what it is", "where to look"), signs),
        "## Verdicts", "A verdict holds when all signs of one of its ways are as the row says.",
        table(("verdict", "way", "signs"), logic),
        *(("## Fixed by", table(("file", "branch", "from version"), fixes)) if fixes else ()),
        "## How it is told apart", words,
    ]  # fmt: skip
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def sections(path: Path, level: int) -> dict[str, str]:
    """Return what stands below each heading of a level, its own headings one level higher."""
    mark = "#" * level
    found = re.split(rf"^{mark} (.*)\n", path.read_text("utf-8"), flags=re.MULTILINE)
    told = {}
    for name, text in zip(found[1::2], found[2::2], strict=True):
        ends = re.split(rf"^#{{1,{level - 1}}} ", text, maxsplit=1, flags=re.MULTILINE)[0]
        told[name.strip()] = LINK.sub(
            lambda one: f"](../{one[1] or path.name}{one[2] or ''})", ends
        )
    return told


def table(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """Return rows as a table."""
    lines = [names, tuple("---" for _ in names)]
    lines += [tuple(plain("" if cell is None else str(cell)) for cell in row) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fenced(text: str) -> str:
    """Return SQL as a block."""
    return f"```sql\n{text.strip()}\n```"


def plain(text: str) -> str:
    """Return a text of which Markdown makes nothing else."""
    return re.sub(r"([\\`*_<>\[\]|#$])", r"\\\1", " ".join(text.split()))


def unlinked(site: Path) -> Iterator[str]:
    """Give everything that a page would load from a network."""
    for path in site.rglob("*.html"):
        for tag in LOADS.findall(path.read_text("utf-8")):
            if ABROAD.search(tag) and 'rel="canonical"' not in tag:
                yield f"{path.name}: {tag}"


if __name__ == "__main__":
    main()
