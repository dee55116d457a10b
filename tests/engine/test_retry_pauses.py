"""How long a try waits after a failure: always the same before a create, growing before an online call or a round."""

import pytest

from llm_assets.domain.errors import BlockedError, TransientError, UnreachableError
from llm_assets.engine.retry_pauses import growing_pause, steady_pause


@pytest.mark.parametrize(
    ("err", "pause"),
    [
        pytest.param(TransientError("429"), 15, id="no pause asked for"),
        pytest.param(TransientError("429", retry_after=0), 0, id="asked to come at once"),
        pytest.param(TransientError("429", retry_after=120), 120, id="two minutes asked for"),
        pytest.param(TransientError("429", retry_after=10**7), 3600, id="four months asked for"),
        pytest.param(BlockedError("no credit"), None, id="blocked"),
        pytest.param(UnreachableError("nobody there"), None, id="not reached"),
    ],
)
def test_a_create_that_did_not_happen_waits_always_the_same_time(
    err: BlockedError | TransientError, pause: float | None
) -> None:
    assert steady_pause(err) == pause


@pytest.mark.parametrize(
    ("retry_after", "failures", "pause"),
    [
        pytest.param(None, 0, 2, id="first failure"),
        pytest.param(None, 1, 4, id="second failure"),
        pytest.param(None, 7, 256, id="eighth failure"),
        pytest.param(None, 8, 300, id="never more than five minutes"),
        pytest.param(None, 500, 300, id="however often"),
        pytest.param(0, 3, 16, id="asked to come at once"),
        pytest.param(5, 3, 16, id="less asked for than it has grown to"),
        pytest.param(90, 3, 90, id="more asked for"),
        pytest.param(10**7, 3, 3600, id="four months asked for"),
    ],
)
def test_an_online_call_waits_longer_after_each_failure(
    retry_after: float | None, failures: int, pause: float
) -> None:
    assert growing_pause(retry_after, failures) == pause


@pytest.mark.parametrize(("failures", "pause"), [(0, 0.5), (1, 1), (5, 16), (6, 30), (2000, 30)])
def test_where_it_begins_and_ends_is_the_callers(failures: int, pause: float) -> None:
    assert growing_pause(None, failures, first=0.5, longest=30) == pause
