"""Counts in words."""

import pytest

from logpipe.words import count_words, known_parts


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [
        (0, "record", "0 records"),
        (1, "damaged place", "1 damaged place"),
        (1200, "reject", "1,200 rejects"),
        (1, "piece of data", "1 piece of data"),
        (2, "piece of data", "2 pieces of data"),
    ],
)
def test_a_noun_has_the_number_of_its_count(count: int, noun: str, words: str) -> None:
    assert count_words(count, noun) == words


def test_a_summary_leaves_out_what_was_not_measured_unless_that_is_all_of_it() -> None:
    summary = "$a messages waited; $b came back. Apart by $c s."
    assert known_parts(summary, {"a", "b", "c"}) == summary
    assert known_parts(summary, {"a", "c"}) == "$a messages waited. Apart by $c s."
    assert known_parts(summary, {"c"}) == "Apart by $c s."
    assert known_parts("It started; it was down for $a s.", set()) == "It started."
    assert known_parts("Down for $a s.", set()) == "Down for $a s."
