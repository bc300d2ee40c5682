"""SQL that runs on other engines too: what it may not use, and what to write instead."""

import re
from collections.abc import Iterator
from typing import NamedTuple

# folders of sql/ that rules stand on; the other ones load, or ask, on one machine
FOUNDATIONS = ("knowledge", "views", "derived", "diagnosis")
# constructs, each with what to use for it; docs/rules.md has the same table
CONSTRUCTS = (
    (r"\bASOF\s+(?:\w+\s+)?JOIN\b", "ASOF JOIN: a range join and row_number"),
    (r"\bdate_diff\s*\(", "date_diff: lp_us(b) - lp_us(a), or lp_hours(a, b)"),
    (r"\bepoch_(?:ms|us|ns)\s*\(", "epoch_ms, epoch_us: lp_us"),
    (r"\btime_bucket\s*\(", "time_bucket: date_trunc"),
    (r"\bextract\s*\(\s*(?:dow|isodow|week)\b", "extract(dow): a day counted with lp_us"),
    (r"\bmode\s*\(", "mode: row_number over a count, ties broken"),
    (r"\bapprox_\w+\s*\(", "approx_…: the exact function"),
    (r"(?<!\w)hash\s*\(", "hash: md5"),
    (r"\blen\s*\(", "len: array_length for lists, length for text"),
    (r"->>?", "JSON arrows: a column of a derived table"),
    (r"\bUNION\s+(?:ALL\s+)?BY\s+NAME\b", "UNION BY NAME: the columns named, UNION ALL"),
    (r"\*\s*REPLACE\s*\(", "* REPLACE: the columns named"),
    (r"\bmedian\s*\(", "median: quantile_cont(x, 0.5) over a GROUP BY"),
    (r"::\s*(?:integer|bigint|int)\b", "::integer of a double: CAST(round(x) AS BIGINT)"),
)
REPLACED = re.compile(r"\bregexp_replace\s*\(", re.IGNORECASE)
# comments, and texts between quotes, which may hold anything
ASIDE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)


class Flaw(NamedTuple):
    """What would not run elsewhere: the line of the SQL, from 1, and what to do."""

    line: int
    words: str


def flaws(text: str) -> Iterator[Flaw]:
    """Yield what SQL uses that other engines lack, in the order of its lines."""
    sql = ASIDE.sub(_blank, text)
    found = [
        Flaw(_line(sql, match.start()), words)
        for pattern, words in CONSTRUCTS
        for match in re.finditer(pattern, sql, re.IGNORECASE)
    ]
    found += [
        Flaw(_line(sql, match.start()), "regexp_replace without 'g': say 'g'")
        for match in REPLACED.finditer(sql)
        if "'g'" not in text[match.start() : match.start() + 400]
    ]
    yield from sorted(found)


def _blank(match: re.Match[str]) -> str:
    """Return as many line ends as a comment or text holds, so that lines keep their numbers."""
    return "".join(c if c == "\n" else " " for c in match[0])


def _line(sql: str, place: int) -> int:
    return sql.count("\n", 0, place) + 1
