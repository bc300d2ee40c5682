"""Scripts that gather, on a mail server, what the rules need: static text, made from a template.

What lies where on which product stands in ``products.toml``; commands that a report asks for stand
in ``sql/knowledge/collect_next.sql``, and are taken from there. Nothing of a log is in a script.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, PackageLoader, StrictUndefined

from logpipe.errors import LogpipeError
from logpipe.sqlfiles import sql_text

HERE = Path(__file__).parent
ENDINGS = {"batch": ".cmd", "powershell": ".ps1"}
LONGEST = 3650  # days


def products() -> dict[str, dict[str, Any]]:
    """Return what is known of each product, by the name that ``--for`` takes."""
    told: dict[str, dict[str, Any]] = tomllib.loads((HERE / "products.toml").read_text("utf-8"))
    return told


@cache
def commands() -> dict[str, str]:
    """Return the commands that a report asks for, by their ids."""
    with duckdb.connect() as con:
        con.execute(sql_text("knowledge", "collect_next"))
        rows = con.execute("SELECT id, command FROM collect_next").fetchall()
    return {str(name): str(command) for name, command in rows}


@cache
def fixed_files() -> list[str]:
    """Return the programme files whose versions tell whether a problem is fixed."""
    with duckdb.connect() as con:
        con.execute(sql_text("knowledge", "known_fix"))
        rows = con.execute("SELECT DISTINCT file FROM known_fix ORDER BY file").fetchall()
    return [str(name) for (name,) in rows]


def script(product: str, days: int) -> bytes:
    """Return the script for a product: ASCII with the line ends of Windows."""
    if not 1 <= days <= LONGEST:
        raise LogpipeError(f"--days {days}: choose 1 to {LONGEST}")
    told = products()[product]
    # no autoescape: a script is no HTML, and all that goes into it is ours
    environment = Environment(
        loader=PackageLoader("logpipe.collect", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
    template = environment.get_template(f"{told['shell']}{ENDINGS[told['shell']]}.j2")
    text = template.render(
        product=product,
        days=days,
        known=commands(),
        files=fixed_files(),
        product_file=file_name(product),
        **told,
    )
    lines = re.sub(r"\n{3,}", "\n\n", text).splitlines()
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def file_name(product: str) -> str:
    """Return the name that a product's script should have, so that the host can run it."""
    return f"collect-{product}{ENDINGS[products()[product]['shell']]}"


def write_script(product: str, days: int, out: Path, *, force: bool) -> Path:
    """Write a script to a file, or under its own name into a folder."""
    path = out / file_name(product) if out.is_dir() else out
    text = script(product, days)
    try:
        with path.open("wb" if force else "xb") as file:
            file.write(text)
    except FileExistsError as error:
        raise LogpipeError(f"{path}: is there already; --force overwrites it") from error
    return path
