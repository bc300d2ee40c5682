r"""Paths of performance counters: ``\\HOST\Object(Instance)\Counter``.

Instances hold backslashes and brackets (``Paging File(\??\C:\pagefile.sys)\% Usage``), counters
slashes and brackets (``SMTP Server(_Total)\Badmailed Messages (NDR of DSN)``).
"""

from functools import lru_cache
from typing import NamedTuple


class CounterPath(NamedTuple):
    """One counter: its path as written, and the parts that the path could be divided into."""

    path: str
    host: str | None
    object: str | None
    instance: str | None
    counter: str


def divide(path: str) -> CounterPath:
    r"""Return the parts of a path; of one that begins with no ``\`` only the counter is known."""
    if not path.startswith("\\"):
        return CounterPath(path, None, None, None, path)
    host, rest = None, path[1:]
    if rest.startswith("\\"):
        host, _, rest = rest[1:].partition("\\")
    head, bracket, tail = rest.partition("(")
    instance, closed, counter = tail.rpartition(")\\")
    if bracket and closed and "\\" not in head:
        return CounterPath(path, host or None, head, instance, counter)
    object_, divided, counter = rest.partition("\\")
    if not divided:
        return CounterPath(path, host or None, None, None, rest or path)
    return CounterPath(path, host or None, object_, None, counter)


@lru_cache(maxsize=8)
def divide_all(paths: tuple[str, ...]) -> tuple[CounterPath, ...]:
    """Return the parts of a header's paths; a second one of a name is ``path [2]``."""
    seen: dict[str, int] = {}
    counters = []
    for path in paths:
        seen[path] = seen.get(path, 0) + 1
        parts = divide(path)
        if seen[path] > 1:
            parts = parts._replace(path=f"{path} [{seen[path]}]")
        counters.append(parts)
    return tuple(counters)
