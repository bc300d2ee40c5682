"""Counts in words."""

import pytest

from logpipe.words import count_words


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
