"""The block of a provider, as a value: how it begins, grows, is claimed by one, and ends."""

from datetime import UTC, datetime, timedelta

import pytest

from llm_assets.domain.refusals import Refused
from llm_assets.domain.traffic.block import LONGEST_PAUSE, Block, Proof, after_success, blocked

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def a_block(needs: Proof = Proof.CREATED) -> Block:
    return blocked(None, Refused.MONEY, needs, "no credit", NOW)


def test_many_refusals_of_one_trouble_are_one_block() -> None:
    first = a_block()
    again = blocked(first, Refused.MONEY, Proof.CREATED, "no credit, request 2", later(5))
    assert again == first
    assert not first.may_try(later(14)) and first.may_try(later(15))


def test_each_try_is_further_away_up_to_ten_minutes() -> None:
    block, at, pauses = a_block(), NOW, []
    for _ in range(10):
        pauses.append((block.next_try - at).total_seconds())
        at = block.next_try
        block = block.claimed(at)
    assert pauses == [15, 30, 60, 120, 240, 480, *[LONGEST_PAUSE.total_seconds()] * 4]


@pytest.mark.parametrize(("asked", "seconds"), [(None, 15), (5, 15), (100, 100), (10**7, 3600)])
def test_the_pause_that_a_provider_asks_for_is_kept_up_to_an_hour(
    asked: float | None, seconds: float
) -> None:
    block = blocked(None, Refused.MONEY, Proof.CREATED, "no credit", NOW, asked)
    assert block.next_try == later(seconds)


def test_another_trouble_replaces_the_first_and_keeps_its_beginning() -> None:
    other = blocked(a_block(), Refused.KEY, Proof.READ, "key revoked", later(60))
    assert (other.kind, other.needs, other.since, other.sentence) == (
        Refused.KEY,
        Proof.READ,
        NOW,
        "key revoked",
    )


@pytest.mark.parametrize("needs", Proof)
@pytest.mark.parametrize("proof", Proof)
@pytest.mark.parametrize("sent", [-1, 1])
def test_only_a_later_success_of_the_refused_kind_ends_it(needs: Proof, proof: Proof, sent: int) -> None:
    left = after_success(a_block(needs), proof, later(sent))
    assert (left is None) is (proof >= needs and sent > 0)
