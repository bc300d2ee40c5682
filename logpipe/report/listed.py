"""The named queries with their parameters, as text: for ``logpipe query --list``."""

import textwrap
from collections.abc import Iterator, Sequence

from logpipe.named import Named, Param

COLUMNS = ["name", "title", "grain", "parameter", "kind", "unit", "default", "choices", "meaning"]


def listed_lines(queries: Sequence[Named], width: int) -> Iterator[str]:
    """Yield each query: its name and title, what one row is, and a line for each parameter."""
    for query in queries:
        yield query.name
        yield from _wrap(f"{query.title}. {query.grain}", width, 4, 4)
        for param in query.params:
            yield from _wrap(f"-p {_written(param)}  {_meaning(param)}", width, 4, 8)


def listed_rows(queries: Sequence[Named]) -> list[tuple[str | None, ...]]:
    """Return a row for each parameter, one without for a query that has none."""
    return [
        (
            query.name, query.title, query.grain,
            *(_facts(param) if param else (None,) * 6),
        )
        for query in queries
        for param in query.params or (None,)
    ]  # fmt: skip


def _facts(param: Param) -> tuple[str | None, ...]:
    default = None if param.default is None else str(param.default)
    choices = ", ".join(param.choices) or None
    return param.name, param.kind, param.unit or None, default, choices, param.text


def _written(param: Param) -> str:
    """Return how a parameter is given: with its default, or what it takes."""
    if param.default is not None:
        return f"{param.name}={param.default}"
    kinds = {"moment": "TIME", "span": "24h", "hosts": "HOST,HOST", "number": "NUMBER"}
    return f"{param.name}={kinds.get(param.kind, 'TEXT')}"


def _meaning(param: Param) -> str:
    parts = [param.text]
    if param.choices:
        parts.append(f"one of {', '.join(param.choices)}")
    if param.unit and param.kind == "moment":
        parts.append(param.unit)
    if param.required:
        parts.append("must be given")
    return "; ".join(parts)


def _wrap(text: str, width: int, indent: int, further: int) -> list[str]:
    return textwrap.wrap(
        text, max(width, 40), initial_indent=" " * indent, subsequent_indent=" " * further,
        break_on_hyphens=False,
    )  # fmt: skip
