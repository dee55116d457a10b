"""Collecting: every request of a batch is settled exactly once, whatever the provider's lines look like."""

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from llm_assets.domain.errors import TransientError, UnansweredError, UnknownBatchError
from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import BatchState
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Next, Outcome, RequestState
from llm_assets.engine.answers.judge import Judge, without_answer
from llm_assets.engine.planning.packing import with_room
from llm_assets.engine.ports.batches import Member
from tests.support.nights.engine_night import (
    DAY,
    NO_METADATA,
    PROFILE,
    SETTLE,
    STEP,
    Desk,
    Echo,
    PerToken,
    assert_all_answered_once,
    request,
    tasks,
    users,
)
from tests.support.providers.fake_provider import THOUGHT, USAGE, lines_of

JUDGE = Judge({STEP: Echo}, PerToken(), PROFILE, 3)

# Judging one answer


def judged(answer: Answer, *, tries: int = 1) -> tuple[Next, Outcome, str | None, str]:
    settlement = JUDGE.settlement("echo", "small", Mode.BATCH, Member("r", 7, tries), answer)
    assert settlement.attempt == 7
    return settlement.next, settlement.answer.outcome, settlement.output, settlement.answer.detail


def test_a_good_answer_is_kept_in_canonical_form() -> None:
    assert judged(Answer("c", Outcome.SUCCEEDED, '{ "value" : "жақсы" }', USAGE)) == (
        Next.DONE,
        Outcome.SUCCEEDED,
        '{"value":"жақсы","score":0.0}',
        "",
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("Sorry, I cannot.", "invalid_json"),
        ('{"value": "cut off', "invalid_json"),
        ('{"score": 0.5}', "schema: breaks the schema at value"),
        ('{"value": null}', "schema: breaks the schema at value"),
        ('{"value": "x", "score": 7}', "schema: breaks the schema at score"),
        ('["value"]', "schema: breaks the schema at model_type"),
    ],
)
def test_an_answer_that_is_not_what_was_asked_for_says_how(text: str, told: str) -> None:
    next_, outcome, output, detail = judged(Answer("c", Outcome.SUCCEEDED, text, USAGE))
    assert (next_, outcome, output) == (Next.RETRY, Outcome.INVALID, None)
    assert detail == told


@pytest.mark.parametrize(
    "text",
    [
        '{"value": ["Aigerim Serik"], "score": "Aigerim Serik"}',
        '{"value": "x", "Aigerim Serik": 1}',
        '{"value": "x", "score": {"Aigerim Serik": 1}}',
        "Dear Aigerim Serik",
    ],
)
def test_what_the_model_said_of_a_customer_is_not_in_the_detail(text: str) -> None:
    _, outcome, _, detail = judged(Answer("c", Outcome.SUCCEEDED, text, USAGE))
    assert outcome is Outcome.INVALID
    assert "Aigerim" not in detail and detail


def test_the_last_try_decides_who_goes_on() -> None:
    bad = Answer("c", Outcome.SUCCEEDED, "{}", USAGE)
    assert [judged(bad, tries=n)[0] for n in (1, 2, 3)] == [Next.RETRY, Next.RETRY, Next.REVIEW]
    assert judged(without_answer("c", Outcome.MISSING), tries=3)[0] is Next.DEAD


def test_an_unusable_answer_is_paid_all_the_same() -> None:
    settlement = JUDGE.settlement(
        "echo", "small", Mode.ONLINE, Member("r", 1), Answer("c", Outcome.CUT, "{", Usage(10, 0, 0, 5))
    )
    assert settlement.cost_usd == Decimal("0.000015")


# A batch's results


def test_results_in_any_order_are_settled_once(desk: Desk) -> None:
    desk.provider.order = random.Random(7)
    assert desk.work(tasks(20)).finished
    assert_all_answered_once(desk, 20)
    assert desk.cost() == 20 * Decimal("0.000065")


def test_a_line_told_twice_is_paid_once(desk: Desk) -> None:
    desk.provider.doubled = 3
    desk.work(tasks(5))
    assert_all_answered_once(desk, 5)


def test_a_missing_line_is_named_and_asked_again(desk: Desk) -> None:
    desk.provider.dropped = 1
    desk.start(tasks(3))
    desk.clock.advance(SETTLE + 1)
    desk.advance()
    missing = desk.standings()["case-0001"]
    assert (missing.state, missing.outcome, missing.detail) == (
        RequestState.DUE,
        "missing",
        "missing: no result line: 2 lines of 3",
    )
    desk.provider.dropped = 0
    assert desk.work().finished
    assert desk.states() == {"ok": 3}
    assert desk.provider.executed["mail 1"] == 2


def test_a_line_that_is_always_missing_ends_as_a_dead_letter(desk: Desk) -> None:
    desk.provider.dropped = 1
    assert desk.work(tasks(1), rounds=60).finished
    assert desk.states() == {"dead": 1}
    assert desk.provider.calls["create"] == 3
    [letter] = desk.ledger().review.dead_letters(DAY)
    assert letter.outcome == "missing"


def test_lines_of_requests_nobody_sent_are_counted_and_change_nothing(desk: Desk) -> None:
    desk.provider.invented = 2
    desk.start(tasks(3))
    assert_all_answered_once(desk, 3)
    collected = desk.ledger().batches.batch(next(iter(desk.provider.remotes.values())).marks or "")
    assert collected.state is BatchState.COLLECTED
    assert collected.detail == "2 result lines carry ids that are not of this batch"


def test_a_cut_download_settles_nothing_and_is_read_again(desk: Desk) -> None:
    desk.provider.cut_downloads = 2
    progress = desk.start(tasks(3))
    assert progress.failure == "the download was cut"
    assert desk.states() == {"in_flight": 3}
    assert desk.work().finished
    assert_all_answered_once(desk, 3)


def test_a_schema_break_is_asked_again_and_goes_to_a_person_after_three(desk: Desk) -> None:
    desk.provider.script = {"mail 1": ["{}", "{}", "{}"], "mail 2": ["not json"]}
    assert desk.work(tasks(3)).finished
    states = {case: (s.state, s.attempts) for case, s in desk.standings().items()}
    assert states == {
        "case-0001": (RequestState.REVIEW, 3),
        "case-0002": (RequestState.DONE, 2),
        "case-0003": (RequestState.DONE, 1),
    }
    assert desk.standings()["case-0001"].detail == "schema: breaks the schema at value"
    assert desk.attempts() == 6
    assert desk.ledger().spending.failures(DAY) == {STEP: {"schema": 3, "invalid_json": 1}}


@pytest.mark.parametrize(
    ("outcome", "state", "tries"),
    [
        (Outcome.REFUSED, "review", 1),
        (Outcome.CUT, "review", 3),
        (Outcome.FAILED_PERMANENT, "dead", 1),
        (Outcome.FAILED_TRANSIENT, "dead", 3),
        (Outcome.EXPIRED, "dead", 3),
        (Outcome.CANCELLED, "dead", 3),
    ],
)
def test_every_bad_outcome_ends_in_one_state(desk: Desk, outcome: Outcome, state: str, tries: int) -> None:
    desk.provider.script["mail 1"] = [outcome] * 5
    assert desk.work(tasks(2)).finished
    assert desk.states() == {"ok": 1, state: 1}
    assert desk.standings()["case-0001"].attempts == tries


def test_a_cut_answer_is_asked_for_again_with_twice_the_room(desk: Desk) -> None:
    desk.provider.script["mail 1"] = [Outcome.CUT, Outcome.CUT]
    assert desk.work(tasks(2)).finished
    assert desk.provider.caps == {"mail 1": [100, 200]}
    assert desk.states() == {"ok": 2}
    [standing] = [s for s in desk.standings().values() if s.attempts > 1]
    assert (standing.request_id, standing.attempts) == (tasks(1)[0].request.request_id, 3)


def test_other_failures_between_cuts_ask_for_no_more_room(desk: Desk) -> None:
    desk.provider.script["mail 1"] = [Outcome.CUT, Outcome.EXPIRED, Outcome.REFUSED]
    desk.work(tasks(1))
    assert desk.provider.caps["mail 1"] == [100, 200]


def test_an_answer_as_long_as_the_model_may_write_goes_to_a_person(desk: Desk) -> None:
    desk.provider.change(limits=PROFILE.limits.model_copy(update={"output_tokens": 150}))
    desk.provider.script["mail 1"] = [Outcome.CUT] * 5
    assert desk.work(tasks(1)).finished
    assert desk.provider.caps["mail 1"] == [100, 150]
    assert desk.states() == {"review": 1}


@pytest.mark.parametrize(
    ("asked", "cuts", "room"),
    [(100, 0, 100), (100, 1, 200), (100, 2, 400), (100, 5, 1000), (1000, 1, 1000), (4000, 1, 4000)],
)
def test_how_much_room_is_asked_for(asked: int, cuts: int, room: int) -> None:
    limits = PROFILE.limits.model_copy(update={"output_tokens": 1000})
    longer = with_room(request("mail", max_tokens=asked), cuts, limits)
    assert longer.max_tokens == room
    thought = with_room(request("mail", max_tokens=asked), cuts, limits, thought=min(cuts, 1))
    assert thought.max_tokens == max(asked, 1000 if cuts else asked)


def test_a_full_context_is_not_asked_again() -> None:
    full = Answer("c", Outcome.CUT, "", USAGE, "model_context_window_exceeded")
    assert judged(full)[0] is Next.REVIEW
    assert judged(replace(full, detail="max_tokens"))[0] is Next.RETRY


@pytest.mark.parametrize("then", [[], [Outcome.EXPIRED]], ids=["at once", "after a failure of another kind"])
def test_an_answer_cut_by_thinking_is_asked_for_again_with_all_the_room_there_is(
    desk: Desk, then: list[Outcome]
) -> None:
    desk.provider.script["mail 1"] = [THOUGHT, *then]
    assert desk.work(tasks(2)).finished
    assert desk.provider.caps == {"mail 1": [100]}
    assert desk.states() == {"ok": 2}
    assert desk.ledger().spending.failures(DAY)[STEP]["cut_by_thinking"] == 1


@pytest.mark.parametrize(
    "between", [[], [Outcome.EXPIRED]], ids=["at once", "after a failure of another kind"]
)
def test_thinking_that_uses_up_the_larger_limit_too_goes_to_a_person(
    desk: Desk, between: list[Outcome]
) -> None:
    desk.provider.script["mail 1"] = [THOUGHT, *between, THOUGHT, THOUGHT, THOUGHT]
    assert desk.work(tasks(2)).finished
    assert desk.provider.caps == {"mail 1": [100, PROFILE.limits.output_tokens]}
    assert desk.states() == {"ok": 1, "review": 1}
    assert desk.standings()["case-0001"].detail.startswith("cut_by_thinking")
    assert desk.ledger().spending.failures(DAY)[STEP]["cut_by_thinking"] == 2


@pytest.mark.parametrize(
    ("text", "usage", "reason"),
    [
        pytest.param("", Usage(10, 0, 0, 100, 100), "cut_by_thinking", id="nothing but thoughts"),
        pytest.param("", Usage(10, 0, 0, 100), "cut_by_thinking", id="no text, and no thoughts are named"),
        pytest.param('{"va', Usage(10, 0, 0, 100, 96), "cut_by_thinking", id="thoughts, and little else"),
        pytest.param('{"va', Usage(10, 0, 0, 100, 50), "cut_by_thinking", id="half of it thoughts"),
        pytest.param('{"va', Usage(10, 0, 0, 100, 49), "cut", id="a long answer"),
        pytest.param('{"va', Usage(10, 0, 0, 100), "cut", id="an answer of a model that does not think"),
    ],
)
def test_what_used_up_the_limit_is_told(text: str, usage: Usage, reason: str) -> None:
    answer = Answer("c", Outcome.CUT, text, usage, "length")
    assert judged(answer) == (Next.RETRY, Outcome.CUT, None, f"{reason}: length")


@pytest.mark.parametrize("reported", [0, 40, 100], ids=["none", "less than the limit", "all"])
def test_thinking_is_given_room_once_whatever_usage_the_provider_reports(reported: int) -> None:
    answer = Answer("c", Outcome.CUT, "", Usage(10, 0, 0, reported), "length")
    nexts = [
        JUDGE.settlement("echo", "small", Mode.BATCH, Member("r", 2, 2, thought=thought), answer).next
        for thought in (0, 1)
    ]
    assert nexts == [Next.RETRY, Next.REVIEW]


# Adopted by circumstance


def adopted(desk: Desk, count: int) -> None:
    """Our create was not answered, and somebody else's batch of the same size is all the list shows."""
    desk.provider.change(capabilities=NO_METADATA.capabilities)
    desk.provider.faults["create"] = [UnansweredError("no answer")]
    desk.provider.add(lines_of(desk.provider, users(count)), stranger=True)
    desk.start(tasks(count))
    desk.clock.advance(SETTLE + 1)


def test_somebody_elses_results_are_never_taken_for_ours(desk: Desk) -> None:
    adopted(desk, 3)
    assert desk.work().finished
    assert_all_answered_once(desk, 3)
    assert "remote-1" in desk.provider.remotes and not desk.provider.remotes["remote-1"].cancelled


@pytest.mark.parametrize("oldest", ["stranger", "ours"])
def test_after_a_stranger_the_other_candidates_are_tried_before_anything_is_sent_anew(
    desk: Desk, oldest: str
) -> None:
    """Both are there and fit: whichever is tried first, ours is found and nothing is paid twice."""
    desk.provider.change(capabilities=NO_METADATA.capabilities)
    desk.provider.faults["create.after"] = [UnansweredError("no answer")]
    desk.provider.unlisted = timedelta(seconds=1)
    if oldest == "stranger":
        desk.provider.add(lines_of(desk.provider, users(3)), stranger=True)
        desk.clock.advance(2)
    desk.start(tasks(3))
    if oldest == "ours":
        desk.clock.advance(2)
        desk.provider.add(lines_of(desk.provider, users(3)), stranger=True)
    assert desk.work(rounds=40).finished
    assert desk.provider.calls["create"] == 1
    assert not any(r.cancelled for r in desk.provider.remotes.values())
    assert_all_answered_once(desk, 3)


def test_a_stranger_is_not_taken_for_ours_twice(desk: Desk) -> None:
    adopted(desk, 3)
    looks = desk.provider.calls["look"]
    assert desk.work().finished
    assert desk.provider.calls["look"] == looks + 1  # at ours
    [collected] = desk.ledger().batches.listed(DAY)
    assert collected.disowned == ("remote-1",)


def test_ours_is_proven_by_its_results(desk: Desk) -> None:
    desk.provider.change(capabilities=NO_METADATA.capabilities)
    desk.provider.faults["create.after"] = [UnansweredError("no answer")]
    desk.provider.looks_until_end = 2
    desk.provider.invented = 1
    desk.start(tasks(3))
    desk.advance()
    assert desk.batch().provisional
    assert desk.work().finished
    assert_all_answered_once(desk, 3)
    assert desk.provider.calls["create"] == 1


def test_strangers_after_a_thousand_lines_of_ours_do_not_disown_the_batch(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_assets.engine.chunks.chunks.__defaults__", (3,))
    test_ours_is_proven_by_its_results(desk)
    [collected] = desk.ledger().batches.listed(DAY)
    assert collected.state is BatchState.COLLECTED and not collected.provisional


# Results that are gone


def test_results_the_provider_no_longer_has_are_asked_again_and_not_for_ever(desk: Desk) -> None:
    """Results are kept for weeks only: a night left alone for longer must end too."""
    desk.provider.faults["answers"] = [UnknownBatchError("gone") for _ in range(100)]
    progress = desk.start(tasks(2))
    assert (desk.batch().detail, desk.batch().state) == ("gone", BatchState.ENDED)
    while not progress.finished:
        desk.clock.advance(SETTLE + 1)
        progress = desk.start()
    assert desk.states() == {"dead": 2}
    assert desk.provider.calls["create"] == 3


def test_results_that_are_not_there_yet_are_waited_for(desk: Desk) -> None:
    desk.provider.faults["answers"] = [TransientError("ended but names no results yet")]
    assert desk.work(tasks(2)).finished
    assert_all_answered_once(desk, 2)
