"""Processes that die or compete: afterwards the ledger is as if one process had worked undisturbed."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import count as numbers_from
from itertools import pairwise
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, create_engine, event, text

from llm_assets.domain.digest import digest
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.engine.ports.work import Planned
from resources.ledger import SqlLedger
from tests.support.nights.ledger_night import COST, DAY, STEP, batch, count, plan, settled_members, work

FORK = multiprocessing.get_context("fork")
CASES = 12
WAY = [BatchState.INTENT, BatchState.CREATING, BatchState.SUBMITTED, BatchState.ENDED, BatchState.COLLECTED]


def survives(at: int, target: Callable[[], None]) -> bool:
    """Runs `target` in a process that kills itself before its `at`-th statement or commit."""

    def child() -> None:
        steps = numbers_from(1)

        def step(*_: object) -> None:
            if next(steps) == at:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", step)
        event.listen(Engine, "commit", step)
        target()

    process = FORK.Process(target=child)
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode == 0


def send(ledger: SqlLedger, step: str, planned: Planned) -> None:
    members = sorted(planned.due.values(), key=lambda m: m.request_id)
    if members:
        name = digest([step, *((m.request_id, m.attempt) for m in members)])
        ledger.batches.intend(replace(batch(name, requests=len(members)), step=step), members)


def finish(ledger: SqlLedger, found: Batch) -> None:
    """Brings a batch from wherever the last process left it to its end."""
    for before, after in pairwise(WAY):
        if WAY.index(before) < WAY.index(found.state):
            continue
        if before is BatchState.ENDED:
            members = list(ledger.batches.members(found.batch_id).values())
            for start in range(0, len(members), 5):
                ledger.batches.settle(found, settled_members(members[start : start + 5]))
        ledger.batches.transition(found.batch_id, before, after)


def work_the_night(url: str, home: Path, step: str, numbers: Sequence[int]) -> None:
    with closing(SqlLedger(url, home)) as ledger:
        send(ledger, step, plan(ledger, work(numbers), step=step))
        for found in ledger.batches.open_batches(DAY, [step]):
            finish(ledger, found)


@pytest.mark.sampled(every=2)
@pytest.mark.slow
def test_a_night_killed_before_any_statement_is_finished_once_by_the_next_process(
    url: str, tmp_path: Path
) -> None:
    killed = 0
    for at in numbers_from(1):
        step, cases = f"step-{at}", range(at * CASES, (at + 1) * CASES)
        if survives(at, lambda step=step, cases=cases: work_the_night(url, tmp_path, step, cases)):
            break
        killed += 1
        work_the_night(url, tmp_path, step, cases)
        with closing(SqlLedger(url, tmp_path)) as ledger:
            assert ledger.work.counts(DAY)[step] == count(ok=CASES), f"killed before statement {at}"
            (used,) = [u for u in ledger.spending.usage(DAY) if u.step == step]
            assert (used.requests, used.cost_usd) == (CASES, CASES * COST), f"killed before statement {at}"
    assert killed > 30
    assert rows(url, "SELECT count(*) FROM batches WHERE state = 'collected'") == [(killed + 1,)]
    assert rows(url, "SELECT count(*) FROM batches") == [(killed + 1,)]


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


def compete(url: str, home: Path, name: str, together: "multiprocessing.synchronize.Barrier") -> None:
    """Plans everything in chunks and sends what it is told is due, as if it were alone."""
    with closing(SqlLedger(url, home)) as ledger:
        ledger.migrate()
        together.wait()
        for start in range(0, 400, 20):
            planned = plan(ledger, work(range(start, start + 20)))
            if not planned.due:
                continue
            try:
                ledger.batches.intend(batch(f"{name} {start}"), list(planned.due.values()))
            except ValueError:
                continue  # the other one was quicker


def test_two_processes_never_both_get_a_request_in_flight(url: str, tmp_path: Path) -> None:
    together = FORK.Barrier(3)
    processes = [FORK.Process(target=compete, args=(url, tmp_path, name, together)) for name in "abc"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    with closing(SqlLedger(url, tmp_path)) as ledger:
        assert ledger.work.counts(DAY) == {STEP: count(in_flight=400)}
        members = [ledger.batches.members(found.batch_id) for found in ledger.batches.open_batches()]
    assert sum(len(m) for m in members) == 400
    assert len({request_id for m in members for request_id in m}) == 400


def settle_all(url: str, home: Path, together: "multiprocessing.synchronize.Barrier", news: Pipe) -> None:
    with closing(SqlLedger(url, home)) as ledger:
        (found,) = ledger.batches.open_batches()
        members = list(ledger.batches.members(found.batch_id).values())
        together.wait()
        chunks = range(0, len(members), 50)
        news.send(sum(ledger.batches.settle(found, settled_members(members[i : i + 50])) for i in chunks))


def test_two_processes_settling_the_same_batch_count_each_answer_once(url: str, tmp_path: Path) -> None:
    with closing(SqlLedger(url, tmp_path)) as ledger:
        send(ledger, STEP, plan(ledger, work(range(500))))
    together = FORK.Barrier(2)
    here, there = FORK.Pipe()
    processes = [FORK.Process(target=settle_all, args=(url, tmp_path, together, there)) for _ in "ab"]
    for process in processes:
        process.start()
    assert here.recv() + here.recv() == 500
    for process in processes:
        process.join()
    with closing(SqlLedger(url, tmp_path)) as ledger:
        (used,) = ledger.spending.usage(DAY)
        assert (used.requests, used.cost_usd) == (500, 500 * COST)


# Locks


def hold(url: str, home: Path, news: Pipe) -> None:
    with SqlLedger(url, home).locks.owner("batch 1") as mine:
        news.send(mine)
        signal.pause()


def test_a_lock_has_one_owner_and_is_free_when_its_process_is_killed(
    ledger: SqlLedger, url: str, tmp_path: Path
) -> None:
    here, there = FORK.Pipe()
    process = FORK.Process(target=hold, args=(url, tmp_path, there))
    process.start()
    assert here.recv() is True
    with ledger.locks.owner("batch 1") as mine, ledger.locks.owner("batch 2") as other:
        assert (mine, other) == (False, True)
    process.kill()
    process.join()
    with ledger.locks.owner("batch 1", wait=True) as mine:
        assert mine


def test_a_lock_is_also_between_threads_of_one_process(ledger: SqlLedger) -> None:
    order: list[str] = []

    def second() -> None:
        with ledger.locks.owner("planning", wait=True):
            order.append("second")

    with ledger.locks.owner("planning") as mine:
        assert mine
        waiting = Thread(target=second)
        waiting.start()
        with ledger.locks.owner("planning") as again:
            assert not again
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_a_lock_is_free_after_an_error(ledger: SqlLedger) -> None:
    with pytest.raises(RuntimeError), ledger.locks.owner("planning"):
        raise RuntimeError
    with ledger.locks.owner("planning") as mine:
        assert mine


def test_an_owner_may_write_while_it_holds_its_lock(ledger: SqlLedger) -> None:
    with ledger.locks.owner("planning") as mine:
        assert mine
        plan(ledger, work([1]))
    assert ledger.work.counts(DAY) == {STEP: count(due=1)}
