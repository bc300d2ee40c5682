"""Plain words for counts and summaries, in notes and reports alike."""

import re
from string import Template


def count_words(count: int, noun: str) -> str:
    """Return a count with its noun in the right number: 1 record, 2 pieces of data."""
    if count == 1:
        return f"1 {noun}"
    head, _, rest = noun.partition(" of ")
    return f"{count:,} {head}s" + (f" of {rest}" if rest else "")


def known_parts(summary: str, known: set[str]) -> str:
    """Return a template without the parts of which no name is known, unless that is all of it."""

    def tells(part: str) -> bool:
        names = Template(part).get_identifiers()
        return not names or not known.isdisjoint(names)

    sentences = [line.rstrip(".").split("; ") for line in re.split(r"(?<=[.]) ", summary)]
    if all(tells(part) for parts in sentences for part in parts):
        return summary
    left = ["; ".join(part for part in parts if tells(part)) for parts in sentences]
    return " ".join(f"{text[0].upper()}{text[1:]}." for text in left if text) or summary
