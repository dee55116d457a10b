"""A night with a deadline of its own: its report is on disk before that moment, whatever the provider does."""

from datetime import datetime, timedelta

import duckdb
import pytest

from llm_assets.cli.options import until_of
from llm_assets.domain.errors import ConfigurationError
from tests.support.houses.house import TODAY, Emulated, House
from tests.support.mail.invented_inbox import DOCUMENTS, ZONE, fill

NEVER_ENDS = "{batches: [{stuck: in_progress, stuck_share: 0}]}"
NO_CANCEL = "{batches: [{stuck: in_progress, stuck_share: 0, cancel_never_ends: true}]}"
SECONDS = 40
"""Enough for the ladder: what ends sooner takes less."""


@pytest.mark.parametrize("trouble", [NEVER_ENDS, NO_CANCEL])
def test_the_report_is_there_before_until_and_a_later_run_completes_it(
    house: House, emulated: Emulated, trouble: str
) -> None:
    emulated.scenario(trouble)
    fill(house.home / "inbox", TODAY)
    until = datetime.now(ZONE) + timedelta(seconds=SECONDS)
    cut = house.night("--until", until.isoformat())
    assert datetime.fromisoformat(cut.report["generated_at"]) < until, cut.err
    totals = cut.report["totals"]
    assert (cut.report["revision"], totals["documents"]) == (1, DOCUMENTS)
    assert (cut.code, bool(totals["open"])) in ((0, False), (1, True))
    assert bool(cut.report["missing"]) == bool(totals["open"])
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        query = "select count(*), count(distinct record_id) from categories"
        assert lake.execute(query).fetchall() == [(DOCUMENTS, DOCUMENTS)]


@pytest.mark.parametrize("word", ["soon", "2026-11-20T08:00:00", "2020-01-01T08:00:00+05:00"])
def test_a_word_that_is_no_moment_to_come_is_refused(house: House, word: str) -> None:
    refused = house.night("--until", word)
    assert (refused.code, refused.said_one_sentence("--until", word)) == (2, True)


def test_a_clock_time_is_the_next_such_time_of_the_business_zone() -> None:
    now = datetime(2026, 11, 20, 23, 30, tzinfo=ZONE)
    assert until_of("23:45", ZONE, now).at == now + timedelta(minutes=15)
    assert until_of("08:00", ZONE, now).at == datetime(2026, 11, 21, 8, 0, tzinfo=ZONE)
    assert until_of("2026-11-20T19:00:00Z", ZONE, now).at == now + timedelta(minutes=30)
    assert until_of("2026-11-21 00:00+05:00", ZONE, now).at == now + timedelta(minutes=30)


@pytest.mark.parametrize(
    "word", ["", "7", "0730", "08.00", "24:00", "07:30:15", "08:00+03:00", "20261121", "2026-11-21"]
)
def test_a_clock_time_is_hours_and_minutes_of_the_business_zone_and_nothing_else(word: str) -> None:
    """An offset behind a clock time would be dropped without a word, and the report would come hours late."""
    with pytest.raises(ConfigurationError, match="write HH:MM"):
        until_of(word, ZONE, datetime(2026, 11, 20, 23, 30, tzinfo=ZONE))
