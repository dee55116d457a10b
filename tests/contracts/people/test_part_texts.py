"""Texts in both databases: versions are only added, each on the one its author saw, whoever writes at the same time."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from llm_assets.domain.desk.part_text import PartText, TextChangedError, TextState, standings
from resources.ledger import SqlLedger

DAY = date(2026, 11, 20)
MADE = PartText(DAY, "queue:north", ("north",), "7 messages came in.", "f-1")
OWN = replace(MADE, text="Жеті хат келді.", state=TextState.APPROVED, by="lena")


def test_rules_add_a_version_only_when_they_say_otherwise(ledger: SqlLedger) -> None:
    texts = ledger.part_texts
    other = replace(MADE, part="branch:Алматы")
    assert (texts.propose([MADE, other]), texts.propose([MADE, other])) == (2, 0)
    texts.write(OWN, seen=1)
    assert texts.propose([MADE, other]) == 0, "what a person wrote is no reason to say the same again"
    assert texts.propose([replace(MADE, text="8 messages came in.", facts="f-2")]) == 1
    standing = standings(texts.versions(DAY))["queue:north"]
    assert (standing.text.text, standing.approved, standing.outdated, standing.newest) == (
        OWN.text,
        True,
        True,
        3,
    )
    assert texts.days() == [DAY] and texts.versions(date(2026, 11, 21)) == []


def test_nobody_writes_over_what_they_have_not_seen(ledger: SqlLedger) -> None:
    texts = ledger.part_texts
    texts.propose([MADE])
    assert texts.write(OWN, seen=1).number == 2
    assert texts.write(OWN, seen=1).number == 2, "the same again, as after a lost answer"
    with pytest.raises(TextChangedError, match="lena has changed"):
        texts.write(replace(OWN, by="mira"), seen=1)
    texts.propose([replace(MADE, text="8 messages came in.", facts="f-2")])
    with pytest.raises(TextChangedError, match="a run of the night has changed"):
        texts.write(replace(OWN, by="mira"), seen=2)
    back = texts.write(replace(OWN, text="", state=TextState.WITHDRAWN), seen=3)
    assert back.number == 4
    assert standings(texts.versions(DAY))["queue:north"].text.text == "8 messages came in."


def test_of_many_who_write_at_once_one_is_first(url: str, ledger: SqlLedger, tmp_path: Path) -> None:
    ledger.part_texts.propose([MADE])

    def tries(who: int) -> int | str:
        with closing(SqlLedger(url, tmp_path)) as own:
            try:
                return own.part_texts.write(replace(OWN, by=f"lead{who}"), seen=1).number
            except TextChangedError as err:
                return err.newest.by

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(tries, range(4)))
    [stored] = [v for v in ledger.part_texts.versions(DAY) if v.by]
    assert sorted(map(str, outcomes)) == sorted(["2", *[stored.by] * 3])


def test_a_person_s_version_is_in_the_trail_without_its_words(ledger: SqlLedger) -> None:
    ledger.part_texts.propose([MADE])
    ledger.part_texts.write(OWN, seen=1)
    [entry] = [e for e in ledger.trail.entries() if e.action == "worded"]
    assert (entry.actor, entry.subject) == ("lena", "text 2026-11-20 queue:north")
    assert entry.parsed_detail["state"] == "approved" and OWN.text not in entry.detail
