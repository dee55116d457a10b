"""The glossary has each word once, in alphabetical order, and the words of the domain are in it."""

import pytest

from llm_assets.domain.profile import Lane, Tier
from tests.support.pages import rows, text_of

TABLE = rows(text_of("docs/glossary.md"))
WORDS = [row[0].strip("*") for row in TABLE]
OF_THE_HOUSE = [
    "attempt",
    "batch",
    "case",
    "content hash",
    "continuation",
    "cutoff",
    "dead letter",
    "deadline",
    "document",
    "doubt",
    "flag",
    "intent",
    "lake",
    "lane",
    "ledger",
    "mask",
    "message",
    "night",
    "outcome",
    "parked",
    "profile",
    "queue",
    "raw mail",
    "reconcile",
    "record",
    "register",
    "request",
    "request id",
    "review",
    "revision",
    "round",
    "route",
    "settle",
    "spool",
    "step",
    "tier",
]


def test_the_words_are_in_alphabetical_order() -> None:
    assert sorted(WORDS, key=str.casefold) == WORDS


def test_no_word_is_explained_twice() -> None:
    folded = [word.casefold() for word in WORDS]
    assert [word for word in folded if folded.count(word) > 1] == []


def test_every_word_has_a_meaning_of_its_own() -> None:
    meanings = [meaning for _, meaning in TABLE]
    assert all(meaning.endswith((".", ")")) for meaning in meanings)
    assert len(set(meanings)) == len(meanings)


@pytest.mark.parametrize("word", OF_THE_HOUSE)
def test_a_word_of_the_house_is_explained(word: str) -> None:
    assert word in {known.casefold() for known in WORDS}


@pytest.mark.parametrize(("word", "kind"), [("Lane", Lane), ("Tier", Tier)], ids=str)
def test_a_word_names_all_its_values(word: str, kind: type[Lane | Tier]) -> None:
    meaning = {row[0].strip("*"): row[1] for row in TABLE}[word]
    assert all(f"`{value}`" in meaning for value in kind)
