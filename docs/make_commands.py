#!/usr/bin/env python
"""Makes docs/commands.md out of the commands themselves.

Run it as ``python docs/make_commands.py``.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from logpipe.cli import app

PAGE = Path(__file__).parent / "commands.md"
OPENING = """\
# Commands

Made from the program by `python docs/make_commands.py`: change the help of a command, not this
page.

`-h` and `--help` go with every command. Results go to stdout, progress and warnings to stderr.
Exit codes: 0 done, 1 an incident at or above `--fail-on`, 2 usage, 3 a configuration or a rule, 4
with `--strict` when some input was not read whole, 130 interrupted. `LOGPIPE_DB` stands for `--db`.
"""
EXAMPLE = re.compile(r"\n\nExamples?: (.*)\Z", re.DOTALL)


def page() -> str:
    """Return the whole page."""
    found = sorted(leaves(typer.main.get_command(app)))
    links = [f"[{name}](#logpipe-{name.replace(' ', '-')})" for name, _ in found]
    parts = [OPENING, " · ".join(links), *(section(name, command) for name, command in found)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def leaves(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Give every command that does something, with its words."""
    below = getattr(command, "commands", {})
    if not below:
        yield name.strip(), command
    for word, inner in below.items():
        yield from leaves(inner, f"{name} {word}")


def section(name: str, command: Any) -> str:
    """Return what is said of one command."""
    text = "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
    found = EXAMPLE.search(text)
    words, example = (text[: found.start()], found[1]) if found else (text, "")
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    shown = " ".join(["logpipe", name, *(_argument(one) for one in arguments)])
    parts = [f"## logpipe {name}", escaped(words), f"    {shown}{' [OPTIONS]' if options else ''}"]
    rows = [row(one) for one in [*arguments, *options] if one.name != "help"]
    if rows:
        parts.append("\n".join(["| | | default |", "|---|---|---|", *rows]))
    if example:
        lines = "\n".join(f"    {one}" for one in re.split(r"; (?=logpipe )", example))
        parts.append(f"Example:\n\n{lines}")
    return "\n\n".join(parts)


def _argument(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name.upper()).strip("[]")
    return name if parameter.required else f"[{name}]"


def row(parameter: Any) -> str:
    """Return the row of an argument or option."""
    choices = list(getattr(parameter.type, "choices", []))
    names = [getattr(one, "value", one) for one in choices]
    if parameter.param_type_name == "argument":
        words = [_argument(parameter)]
    else:
        metavar = parameter.metavar or ("NAME" if names else parameter.type.name.upper())
        words = [", ".join(parameter.opts), *([] if parameter.is_flag else [metavar])]
    value = parameter.default
    plain = isinstance(value, (str, int, float, Path)) and not isinstance(value, bool)
    told = f"`{getattr(value, 'value', value)}`" if plain else ""
    text = escaped(parameter.help or "") + (f" One of {', '.join(names)}." if names else "")
    return f"| `{' '.join(words)}` | {text} | {told} |"


def escaped(text: str) -> str:
    """Return help as Markdown: what would be taken for a sign of it stands as it is."""
    return re.sub(r"([*_<>|\[\]])", r"\\\1", text)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
