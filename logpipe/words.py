"""Plain words for counts, in notes and reports alike."""


def count_words(count: int, noun: str) -> str:
    """Return a count with its noun in the right number: 1 record, 2 pieces of data."""
    if count == 1:
        return f"1 {noun}"
    head, _, rest = noun.partition(" of ")
    return f"{count:,} {head}s" + (f" of {rest}" if rest else "")
