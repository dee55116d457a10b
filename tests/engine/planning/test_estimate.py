"""Estimates before anything is sent: how tokens are counted, and how our own bills correct the count."""

from decimal import Decimal

import pytest

from llm_assets.domain.profile import Mode, Tier
from llm_assets.domain.protocol import ANTHROPIC, OPENAI, WireProtocol
from llm_assets.engine.planning.estimate import (
    BY_SCRIPT,
    EXACT,
    Counter,
    Spread,
    calibrate,
    most_usd,
    tokens_by_script,
)
from llm_assets.engine.ports.spending import Billed
from llm_assets.intake.rows import parse_rows
from resources.tokens import o200k
from tests.support.nights.engine_night import PROFILE, PerToken, request
from tests.support.repository import CONTROL_SET

SAMPLES = CONTROL_SET / "records"
CLAUDE = PROFILE.model_copy(update={"protocol": "anthropic"})


def words(text: str) -> int:
    return len(text.split())


def billed(count: int, estimated: int = 100) -> list[Billed]:
    """Answers whose prompts cost from 1.01 to 1.00 + count/100 of their estimate."""
    return [Billed(estimated, estimated + n, 10 * n) for n in range(1, count + 1)]


def test_a_request_counts_its_texts_its_schema_and_what_goes_around_them() -> None:
    asked = request("three more words", system="two words", schema={"type": "object"})
    assert Counter(words)(asked) == 3 + 2 + 1 + 2 * 8 + 20


def test_what_requests_share_is_counted_once() -> None:
    seen: list[str] = []

    def counted(text: str) -> int:
        seen.append(text)
        return words(text)

    count = Counter(counted)
    for n in range(5):
        count(request(f"mail {n}", system="the rules", schema={"type": "object"}))
    assert seen == ["the rules", '{"type":"object"}', *(f"mail {n}" for n in range(5))]


@pytest.mark.parametrize(
    ("protocol", "low", "typical", "high"), [(OPENAI, 0.9, 1.0, 1.2), (ANTHROPIC, 1.0, 1.35, 1.8)]
)
def test_before_there_are_bills_the_range_is_wide_and_says_so(
    protocol: WireProtocol, low: float, typical: float, high: float
) -> None:
    calibration = calibrate(protocol, billed(29), EXACT)
    assert calibration.input == Spread(low, typical, high)
    assert calibration.output is None
    assert (calibration.calibrated, calibration.results) == (False, 29)


def test_a_first_guess_at_an_answers_length_comes_from_the_first_answers() -> None:
    assert [calibrate(OPENAI, billed(n)).answer for n in (0, 1, 29, 30)] == [None, 10, 150, 150]


def test_counting_by_script_widens_the_range() -> None:
    spread = calibrate(OPENAI, [], BY_SCRIPT).input
    assert (spread.low, spread.typical, spread.high) == pytest.approx((0.72, 1.0, 1.44))


def test_thirty_bills_replace_what_was_assumed() -> None:
    calibration = calibrate(ANTHROPIC, billed(30))
    assert calibration.calibrated
    assert calibration.input == Spread(1.02, 1.15, 1.29)
    assert calibration.output == Spread(20, 150, 290)


def test_the_most_a_request_may_cost_counts_every_token_it_may_answer_with() -> None:
    asked = request("mail", max_tokens=1000)
    calibration = calibrate(OPENAI, billed(100))
    for mode, usd in ((Mode.ONLINE, "0.001390"), (Mode.BATCH, "0.000695")):
        assert most_usd(PerToken(), PROFILE, asked, mode, 200, calibration) == Decimal(usd)


def test_where_a_cache_is_asked_for_the_most_includes_writing_it() -> None:
    from resources.prices import GenaiPrices

    asked = request("mail", model="claude-haiku-5-5", max_tokens=0)
    known = calibrate(ANTHROPIC, [Billed(100, 100, 1)] * 30)
    usd = most_usd(
        GenaiPrices(),
        CLAUDE.model_copy(update={"models": {Tier.CHEAP: asked.model}}),
        asked,
        Mode.ONLINE,
        1_000_000 // 100,
        known,
    )
    assert usd == Decimal("0.002")  # 10,000 tokens at 0.10 USD per million, twice for an hour's cache


def test_texts_without_letters_or_half_a_character_are_counted_too() -> None:
    assert tokens_by_script("") == 0
    assert tokens_by_script("a" * 35) == 10
    assert tokens_by_script("щ" * 26) == 10
    assert tokens_by_script("\ud83d") in (0, 1)


def test_the_script_tells_the_tokens_of_sample_mails_within_its_range() -> None:
    tokens_of = o200k()
    texts = [r["text"] for r in parse_rows(sorted(SAMPLES.glob("*.eml")), ocr=False) if r["ok"]]
    mails = [request(t, system="Sort this mail. " * 40) for t in texts if len(t) > 100]
    ratios = sorted(Counter(tokens_of)(m) / Counter()(m) for m in mails)
    assert len(ratios) > 30
    assert BY_SCRIPT.low <= ratios[0] and ratios[-1] <= BY_SCRIPT.high


def test_the_vocabulary_counts_offline_and_takes_markup_for_text() -> None:
    tokens_of = o200k()
    assert tokens_of("") == 0
    assert tokens_of("The quick brown fox jumps over the lazy dog.") == 10
    assert tokens_of("<|endoftext|>") > 1
    assert tokens_of("слово " * 200_000) == pytest.approx(200_000, rel=0.01)
