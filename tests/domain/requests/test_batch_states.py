"""The states of a batch: which may follow which."""

from llm_assets.domain.requests.batch import OPEN_STATES, TRANSITIONS, BatchState, may_become


def reachable(start: BatchState) -> set[BatchState]:
    seen, waiting = {start}, [start]
    while waiting:
        for following in TRANSITIONS[waiting.pop()] - seen:
            seen.add(following)
            waiting.append(following)
    return seen


def test_every_state_is_reached_from_the_intent() -> None:
    assert reachable(BatchState.INTENT) == set(BatchState)


def test_final_states_are_final_and_open_ones_are_not() -> None:
    assert {state for state in BatchState if TRANSITIONS[state]} == OPEN_STATES | {BatchState.RACED}


def test_every_open_batch_can_still_end() -> None:
    for state in OPEN_STATES:
        assert reachable(state) - OPEN_STATES


def test_nothing_is_sent_without_passing_through_creating() -> None:
    assert {s for s in BatchState if may_become(s, BatchState.SUBMITTED)} == {BatchState.CREATING}


def test_only_an_ended_batch_is_collected() -> None:
    assert not may_become(BatchState.INTENT, BatchState.COLLECTED)
    assert not may_become(BatchState.SUBMITTED, BatchState.COLLECTED)
    assert may_become(BatchState.ENDED, BatchState.COLLECTED)


def test_an_ended_batch_is_sent_again_only_after_reconciling() -> None:
    """The results were another application's, adopted by mistake: our own batch may still be found."""
    assert not may_become(BatchState.ENDED, BatchState.INTENT)
    assert {s for s in TRANSITIONS[BatchState.ENDED] if s in OPEN_STATES} == {BatchState.CREATING}
