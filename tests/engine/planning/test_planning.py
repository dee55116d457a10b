"""Planning: what a night sends, in which batches, and what it never sends again."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain

import pytest

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import ConfigurationError, TransientError
from llm_assets.domain.profile import Lane, Limits, Mode
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.domain.requests.request import CustomId, digest_of_lines
from llm_assets.engine.batches.spooled import custom_id_of
from llm_assets.engine.planning.estimate import Counter
from llm_assets.engine.planning.packing import fits
from llm_assets.engine.planning.plan import plan_step
from llm_assets.engine.planning.task import PlanSummary, Task
from resources.spool import FileSpool
from tests.support.nights.engine_night import DAY, MODEL, STEP, Desk, renamed, request, task, tasks, users


def sizes(desk: Desk) -> list[int]:
    return [b.requests for b in desk.open_batches()]


def limit(desk: Desk, **limits: int) -> None:
    desk.provider.change(limits=Limits(**{"batch_requests": 1000, "batch_bytes": 10**6} | limits))


def test_the_intent_and_its_lines_are_there_before_anything_is_sent(desk: Desk) -> None:
    assert desk.plan(tasks(3)) == PlanSummary(new=3, reused=0, sent=3)
    batch = desk.batch()
    assert batch.state is BatchState.INTENT
    assert (batch.requests, batch.model, batch.provider, batch.lane) == (3, MODEL, "fake", Lane.NIGHTLY)
    lines = (desk.home / "spool" / f"{batch.batch_id}.jsonl").read_bytes()
    assert len(lines) == batch.bytes
    assert not desk.provider.calls
    members = desk.ledger().batches.members(batch.batch_id)
    wanted = {str(CustomId(batch.batch_id, m.request_id, 1)) for m in members.values()}
    assert len(wanted) == 3 and all(custom_id.encode() in lines for custom_id in wanted)


def test_identical_requests_are_sent_once_and_answer_every_case(desk: Desk) -> None:
    items = [task(n, "the same newsletter") for n in range(1, 6)]
    assert desk.work(items).sent == 1
    assert desk.provider.executed == {"the same newsletter": 1}
    assert {s.output["value"] for s in desk.standings().values() if s.output} == {"the same newsletter"}
    assert len(desk.standings()) == 5


def test_identical_requests_of_two_chunks_are_sent_once_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_assets.engine.chunks.chunks.__defaults__", (2,))
    assert desk.work([*tasks(5), task(6, "mail 1")]).sent == 5
    assert desk.provider.executed["mail 1"] == 1


def test_a_night_planned_again_sends_nothing(desk: Desk) -> None:
    desk.work(tasks(3))
    assert desk.plan(tasks(3)) == PlanSummary(new=0, reused=3, sent=0)
    assert desk.work(tasks(3)).sent == 0
    assert desk.provider.calls["create"] == 1


def test_only_new_and_changed_records_are_sent(desk: Desk) -> None:
    desk.work(tasks(3))
    changed = [task(1), task(2, "mail 2 with an update", input_hash="changed"), task(3), task(4)]
    assert desk.work(changed).sent == 2
    assert desk.provider.executed == dict.fromkeys([*users(4), "mail 2 with an update"], 1)


def test_what_is_under_way_is_not_sent_again(desk: Desk) -> None:
    desk.provider.looks_until_end = 5
    desk.start(tasks(3))
    assert desk.start().sent == 0
    assert desk.provider.calls["create"] == 1


def test_the_same_mail_on_another_day_is_not_paid_again(desk: Desk) -> None:
    desk.work(tasks(2))
    summary = plan_step(desk.engine(), date(2026, 11, 21), STEP, tasks(2), Rework.STALE)
    assert summary == PlanSummary(new=0, reused=2, sent=0)


@pytest.mark.parametrize(("rework", "sent"), [(Rework.STALE, 2), (Rework.MISSING, 0)])
def test_a_changed_prompt_is_asked_again_only_while_the_night_is_open(
    desk: Desk, rework: Rework, sent: int
) -> None:
    desk.work(tasks(2))
    assert desk.plan(renamed(tasks(2), system="Echo well.", prompt_version="v2"), rework).sent == sent


def test_after_the_deadline_changed_content_is_still_asked(desk: Desk) -> None:
    desk.work(tasks(2))
    late = [task(1), task(2, "mail 2 and more", input_hash="changed")]
    assert desk.plan(renamed(late, system="Echo well."), Rework.MISSING).sent == 1


def test_a_refused_case_is_not_asked_again_by_a_rerun(desk: Desk) -> None:
    desk.provider.script["mail 1"] = [Outcome.REFUSED]
    desk.work(tasks(1))
    assert desk.work(tasks(1)).sent == 0


@pytest.mark.parametrize(
    ("limits", "requests", "size", "tokens", "fit"),
    [
        pytest.param({}, 1000, 10**6, 10**9, True, id="all at their limits, none on tokens"),
        pytest.param({}, 1001, 10, 10, False, id="one request too many"),
        pytest.param({}, 1, 10**6 + 1, 10, False, id="one byte too many"),
        pytest.param({"enqueued_tokens": 500}, 1, 10, 500, True, id="tokens at the limit"),
        pytest.param({"enqueued_tokens": 500}, 1, 10, 501, False, id="one token too many"),
    ],
)
def test_what_fits_in_a_batch(
    limits: dict[str, int], requests: int, size: int, tokens: int, fit: bool
) -> None:
    profile = Limits(**{"batch_requests": 1000, "batch_bytes": 10**6} | limits)
    assert fits(profile, requests, size, tokens) is fit


LINE = len('{"custom_id": "", "model": "small", "user": "mail 1", "max_tokens": 100}\n') + len(
    str(CustomId("b" * 12, "r" * 24, 1))
)
TOKENS = Counter()(request("mail 1"))


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        pytest.param({}, [7], id="all fit in one"),
        pytest.param({"batch_requests": 3}, [3, 3, 1], id="by count"),
        pytest.param({"batch_requests": 7}, [7], id="exactly full"),
        pytest.param({"batch_bytes": 2 * LINE}, [2, 2, 2, 1], id="by exact bytes"),
        pytest.param({"batch_bytes": 2 * LINE - 1}, [1] * 7, id="a byte less and two do not fit"),
        pytest.param({"batch_bytes": 1}, [1] * 7, id="one too large for any batch goes alone"),
        pytest.param({"enqueued_tokens": 3 * TOKENS}, [3, 3, 1], id="by estimated tokens"),
        pytest.param({"enqueued_tokens": 1}, [1] * 7, id="each beyond the token limit"),
    ],
)
def test_a_night_is_cut_into_batches(desk: Desk, limits: dict[str, int], expected: list[int]) -> None:
    limit(desk, **limits)
    desk.plan(tasks(7))
    assert sizes(desk) == expected
    within = [b for b in desk.open_batches() if b.requests > 1]
    assert all(b.bytes <= desk.provider.profile.limits.batch_bytes for b in within)


def test_lanes_modes_and_models_do_not_share_a_batch(desk: Desk) -> None:
    urgent, other = task(2, lane=Lane.URGENT), task(3, request=request("mail 3", model="large"))
    at_once, later = task(4, mode=Mode.ONLINE), task(5, lane=Lane.ARCHIVE)
    desk.plan([task(1), urgent, other, at_once, later, task(6)])
    found = sorted((b.lane.value, b.mode.value, b.model, b.requests) for b in desk.open_batches())
    assert found == [
        ("archive", "batch", MODEL, 1),
        ("nightly", "batch", "large", 1),
        ("nightly", "batch", MODEL, 2),
        ("nightly", "online", MODEL, 1),
        ("urgent", "online", MODEL, 1),
    ]


def test_without_a_batch_api_everything_goes_online(desk: Desk) -> None:
    capabilities = desk.provider.profile.capabilities.model_copy(update={"batch": False})
    desk.provider.change(capabilities=capabilities)
    desk.plan(tasks(2))
    assert {b.mode for b in desk.open_batches()} == {Mode.ONLINE}


def test_a_plan_that_fails_leaves_no_file_and_everything_due(desk: Desk) -> None:
    def breaks_after_two() -> list[Task]:
        raise ConfigurationError("prompt echo uses $unknown")

    limit(desk, batch_requests=1)
    with pytest.raises(ConfigurationError, match="unknown"):
        desk.plan(chain(tasks(2), (t for n in [1] for t in breaks_after_two())))
    assert desk.open_batches() == [] and desk.spooled() == []
    assert desk.work(tasks(2)).finished
    assert desk.provider.executed == dict.fromkeys(users(2), 1)


class Rival:
    """Batches of a ledger where another process sends the same requests just before our intent."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._batches, self._came = desk, desk.ledger().batches, False

    def __getattr__(self, name: str) -> object:
        return getattr(self._batches, name)

    def intend(self, batch: Batch, members: list[object], limits: object, **more: object) -> None:
        if not self._came:
            self._came = True
            plan_step(self._desk.engine(), date(2026, 11, 19), STEP, self._desk.tasks, Rework.STALE)
        self._batches.intend(batch, members, limits, **more)  # type: ignore[arg-type]


def test_two_nights_that_plan_the_same_request_at_once_send_it_once(desk: Desk) -> None:
    limit(desk, batch_requests=2)
    desk.tasks = tasks(3)
    ports = replace(desk.ledger().ports, batches=Rival(desk))  # type: ignore[arg-type]
    summary = plan_step(desk.engine(ledger=ports), DAY, STEP, tasks(3), Rework.STALE)
    assert summary.sent == 0
    assert sum(sizes(desk)) == 0
    other = desk.ledger().batches.open_batches(date(2026, 11, 19))
    assert sorted(b.requests for b in other) == [1, 2]
    assert len(desk.spooled()) == len(other)


def test_the_work_of_cases_that_left_the_night_is_not_waited_for(desk: Desk) -> None:
    desk.provider.script["mail 2"] = [Outcome.EXPIRED]
    desk.start(tasks(2))
    assert desk.states() == {"ok": 1, "due": 1}
    assert desk.work([task(1)]).finished
    assert set(desk.standings()) == {"case-0001"}


def test_a_batch_is_named_anew_each_time_it_is_made(desk: Desk, open_desk: Callable[..., Desk]) -> None:
    other = open_desk("other")
    other.clock.advance(1)
    desk.plan(tasks(1))
    other.plan(tasks(1))
    assert desk.batch().batch_id != other.batch().batch_id
    assert replace(desk.batch(), batch_id="", created_at=other.batch().created_at, sha256="") == replace(
        other.batch(), batch_id="", sha256=""
    )


def test_lines_of_a_plan_that_died_are_swept_when_no_plan_can_still_be_writing_them(desk: Desk) -> None:
    desk.plan(tasks(1))
    young, old = (desk.home / "spool" / f"{name}.jsonl" for name in ("young", "old"))
    for path in (young, old, *desk.spooled()):
        path.touch()
        os.utime(path, times=(0, (desk.clock() - timedelta(hours=25 if path != young else 1)).timestamp()))
    desk.provider.faults["upload"] = [TransientError("cannot be reached")]
    other = FileSpool(desk.home)  # of another process that is planning
    other.path("young")
    desk.start(tasks(1))
    assert [p.stem for p in desk.spooled()] == sorted([desk.batch().batch_id, "young"])
    other.close()


def test_a_batch_carries_the_digest_of_its_custom_ids_in_the_order_of_its_lines(desk: Desk) -> None:
    desk.plan(tasks(3))
    batch = desk.batch()
    lines = desk.engine().spool.path(batch.batch_id).read_bytes().splitlines(keepends=True)
    assert batch.sha256 == digest_of_lines(map(custom_id_of, lines))
    assert batch.sha256 != digest_of_lines(map(custom_id_of, reversed(lines)))
