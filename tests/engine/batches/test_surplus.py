"""What a batch's results cost beyond one answer for each request: every line is booked once, and the sums agree."""

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest

from llm_assets.domain.profile import Mode
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.money import Limit, Usage
from llm_assets.domain.requests.outcome import Answer, Outcome
from llm_assets.engine.answers.judge import PROMPT_TOKENS, Judge
from llm_assets.engine.batches.spooled import custom_id_of
from llm_assets.engine.ports.batches import Member
from tests.support.nights.engine_night import (
    DAY,
    PROFILE,
    STEP,
    Death,
    Desk,
    Echo,
    Life,
    PerToken,
    assert_all_answered_once,
    mortal,
    tasks,
)
from tests.support.providers.fake_provider import USAGE

JUDGE = Judge({STEP: Echo}, PerToken(), PROFILE, 3)
LINE = Decimal("0.000065")
NIGHT = Limit("the night", "LLM_ASSETS_BUDGET_USD", Decimal(1), DAY, DAY)


def nameless(text: str, size: int = 300, usage: Usage | None = None) -> Answer:
    return Answer(
        "",
        Outcome.INVALID,
        "",
        usage if usage is not None else Usage(),
        "unreadable_line",
        Reason.UNREADABLE,
        unmetered=size if usage is None else None,
        mark=text,
    )


def by_outcome(desk: Desk) -> dict[str, tuple[int, int, Decimal]]:
    """outcome -> requests, surplus lines, cost."""
    return {
        row.outcome: (row.requests, row.surplus, row.cost_usd) for row in desk.ledger().spending.usage(DAY)
    }


def spent(desk: Desk) -> Decimal:
    [found] = desk.ledger().spending.committed([NIGHT])
    return found.spent_usd


def test_doubled_and_unknown_lines_are_booked_under_their_own_outcome(desk: Desk) -> None:
    desk.provider.doubled, desk.provider.invented = 2, 3
    desk.work(tasks(4))
    assert_all_answered_once(desk, 4)
    assert by_outcome(desk) == {
        "answered": (4, 0, 4 * LINE),
        "doubled": (0, 2, 2 * LINE),
        "unknown_id": (0, 3, 3 * LINE),
    }
    assert spent(desk) == desk.cost() == 9 * LINE


def test_lines_that_nobody_can_read_are_estimated_and_booked(desk: Desk) -> None:
    desk.provider.besides = [nameless("a"), nameless("a"), nameless("b", usage=USAGE)]
    desk.work(tasks(2))
    assert_all_answered_once(desk, 2)
    rows = {row.outcome: row for row in desk.ledger().spending.usage(DAY)}
    bad = rows["unreadable_line"]
    assert (bad.surplus, bad.estimated, bad.requests) == (3, 2, 0)
    prompts = [m.estimated_tokens or 0 for m in members(desk)]
    assert bad.input_tokens == 2 * (sum(prompts) // len(prompts)) + USAGE.input_tokens
    assert bad.output_tokens == 2 * (300 // 3 + 1) + USAGE.output_tokens
    assert spent(desk) == desk.cost() > 3 * LINE


def members(desk: Desk) -> list[Member]:
    return list(desk.ledger().batches.members(only_batch(desk)).values())


def only_batch(desk: Desk) -> str:
    [remote] = desk.provider.remotes.values()
    return custom_id_of(remote.lines[0]).batch_id


def test_lines_are_booked_once_however_often_and_in_whatever_order_they_are_collected(desk: Desk) -> None:
    """A process may die between any two writes."""
    moments = 0
    while True:
        desk.provider.doubled, desk.provider.invented = 1, 2
        desk.provider.besides = [nameless("a"), nameless("a"), nameless("b")]
        desk.tasks = tasks(2)
        with suppress(Death):
            desk.work(engine=mortal(desk, Life(moments)))
            break
        desk.provider.besides.reverse()
        assert desk.work(rounds=60).finished
        found = {outcome: (n, lines) for outcome, (n, lines, _) in by_outcome(desk).items()}
        assert found == {
            "answered": (2, 0),
            "doubled": (0, 1),
            "unknown_id": (0, 2),
            "unreadable_line": (0, 3),
        }
        assert spent(desk) == desk.cost()
        desk.anew()
        moments += 1
    assert moments > 20


def test_what_was_odd_is_told_once_with_the_batch(desk: Desk) -> None:
    desk.provider.script = {
        "mail 1": ['```json\n{"value": "mail 1"}\n```'],
        "mail 2": ['\ufeff{"value": "mail 2"}'],
    }
    desk.provider.doubled = 1
    desk.work(tasks(3))
    assert_all_answered_once(desk, 3)
    detail = desk.ledger().batches.batch(only_batch(desk)).detail
    assert detail == "1 result lines repeat an answer; 2 answers with JSON in a wrapping"


def judged(answer: Answer, tokens: int | None = 700) -> tuple[Usage, Decimal, bool]:
    settlement = JUDGE.settlement(STEP, "small", Mode.BATCH, Member("r", 1, estimated_tokens=tokens), answer)
    return settlement.answer.usage, settlement.cost_usd, settlement.estimated


GOOD = Answer("c", Outcome.SUCCEEDED, '{"value": "x"}', Usage(), unmetered=14)


@pytest.mark.parametrize(
    ("answer", "tokens", "usage"),
    [
        (GOOD, 700, Usage(input_tokens=700, output_tokens=5)),
        (GOOD, None, Usage(input_tokens=PROMPT_TOKENS, output_tokens=5)),
        (replace(GOOD, usage=Usage(input_tokens=90)), 700, Usage(input_tokens=90, output_tokens=5)),
        (replace(GOOD, usage=Usage(output_tokens=8)), 700, Usage(input_tokens=700, output_tokens=8)),
        (replace(GOOD, unmetered=10**9), 700, Usage(700, output_tokens=PROFILE.limits.output_tokens)),
    ],
)
def test_a_usage_that_nobody_named_is_estimated_and_never_zero(
    answer: Answer, tokens: int | None, usage: Usage
) -> None:
    found, cost, estimated = judged(answer, tokens)
    assert (found, estimated) == (usage, True)
    assert cost == Decimal(usage.input_tokens + usage.output_tokens) / 2_000_000


def test_a_usage_that_was_named_is_taken_as_it_is() -> None:
    assert judged(Answer("c", Outcome.SUCCEEDED, '{"value": "x"}', USAGE)) == (USAGE, LINE, False)
    assert judged(Answer("c", Outcome.EXPIRED, "", Usage())) == (Usage(), Decimal(0), False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('```json\n{"value": "x"}\n```', "x"),
        ('  ```\r\n{"value": "x"}\r\n```  \n', "x"),
        ('\ufeff{"value": "x"}', "x"),
        ('{"value": "cut \\ud83d"}', "cut \ufffd"),
        ('{"value": "\\ud83d\\ude00 and \\\\ud83d"}', "\U0001f600 and \\ud83d"),
    ],
)
def test_json_in_a_wrapping_is_taken_at_once(text: str, value: str) -> None:
    settlement = JUDGE.settlement(
        STEP, "small", Mode.BATCH, Member("r", 1), Answer("c", Outcome.SUCCEEDED, text, USAGE)
    )
    assert settlement.output is not None and Echo.model_validate_json(settlement.output).value == value


@pytest.mark.parametrize(
    "text",
    [
        'Here you are:\n```json\n{"value": "x"}\n```',
        '```json\n{"value": "x"}\n```\n```json\n{"value": "y"}\n```',
        '```json\n{"value": "x"',
        '{"value": "x"} and more',
    ],
)
def test_an_answer_with_other_words_around_it_is_not_taken(text: str) -> None:
    settlement = JUDGE.settlement(
        STEP, "small", Mode.BATCH, Member("r", 1), Answer("c", Outcome.SUCCEEDED, text, USAGE)
    )
    assert (settlement.output, settlement.answer.reason) == (None, Reason.INVALID_JSON)


def test_without_a_word_for_the_end_only_a_whole_answer_is_taken() -> None:
    said = Answer("c", Outcome.SUCCEEDED, '{"value": "x"}', USAGE, odd="finish_reason:none")
    whole = JUDGE.settlement(STEP, "small", Mode.BATCH, Member("r", 1), said)
    assert (whole.answer.outcome, whole.answer.odd) == (Outcome.SUCCEEDED, "finish_reason:none")
    cut = JUDGE.settlement(STEP, "small", Mode.BATCH, Member("r", 1), replace(said, text='{"value": "'))
    assert (cut.answer.outcome, cut.answer.reason) == (Outcome.INVALID, Reason.UNFINISHED)
    assert cut.answer.detail == "unfinished: finish_reason:none"
