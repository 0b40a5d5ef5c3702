"""Differences of a day in words: a code is for programs."""

from __future__ import annotations

import pytest

from console.closing.figures import Named
from console.closing.words import detail_words, difference_words


@pytest.mark.parametrize(
    ("one", "en", "id_"),
    [
        (Named("provider", "xendit", 5, "4 × missing_here"), "4 × missing here", "4 × tidak ada di sini"),
        (Named("ledger", "xendit", 5, "clearing:xendit"), "clearing:xendit", "clearing:xendit"),
        (Named("late", "xendit", 5, "1"), "payments: 1", "pembayaran: 1"),
        (Named("unbacked", "xendit", 5, "2"), "cases: 2", "kasus: 2"),
        (Named("changed", "xendit", 5, "received"), "received", "diterima"),
    ],
)
def test_a_kind_of_difference_is_said_and_names_stay(one: Named, en: str, id_: str) -> None:
    assert (detail_words(one, "en"), detail_words(one, "id")) == (en, id_)


def test_a_whole_difference_is_one_sentence_in_either_language_and_its_numbers() -> None:
    late = Named("late", "xendit", 25_000, "1")
    assert difference_words(late, "en") == "paid on this day, heard of later: xendit Rp 25,000 · payments: 1"
    assert difference_words(late, "id").endswith("xendit Rp 25.000 · pembayaran: 1")
    assert difference_words(Named("unbalanced", "", 7, "IDR"), "en").endswith(": Rp 7 · IDR")
    assert difference_words(Named("unexplained", "xendit", 7, ""), "en").endswith("xendit Rp 7")
