"""What a reviewer asks for besides deciding: the model once more, the draft at once, the record among the labelled ones."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.desk.queue import Queues
from llm_assets.domain.desk.reply_by import QueueDeadline
from llm_assets.domain.errors import ConfigurationError, OverBudgetError
from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.outcome import Answer
from llm_assets.emulator import start
from llm_assets.emulator.process.launch import RunningEmulator
from llm_assets.engine.answers.label import Label
from llm_assets.engine.ports.provider import Provider
from llm_assets.intake.item import read_item
from llm_assets.usecases.control_set import read_labels, record
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.drafts.ready import Drafts, State
from llm_assets.usecases.drafts.release import release
from llm_assets.usecases.records.delete_record import delete, find
from llm_assets.usecases.records.label_record import NotDecidedError, label_record
from llm_assets.usecases.review.case_page import case_page
from llm_assets.usecases.review.case_rows import CaseRows
from llm_assets.usecases.review.decide import DecisionKind, NothingToDecideError, Wanted, decide
from llm_assets.usecases.review.draft_now import NotNowError, draft_now
from llm_assets.usecases.review.queue.open_doubts import Doubts
from llm_assets.usecases.review.session_figures import figures_of
from tests.support.houses.small_desk import AFTER_DEADLINE, DAY, MAILS, MovableClock, mail
from tests.support.nights.morning import Morning

pytestmark = pytest.mark.slow
VAGUE = mail("timur", "Вопрос", "Добрый день, вопрос по прошлому письму, ждём ответа.")


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    running = start(tmp_path_factory.mktemp("emulator") / "state", latency=0.0, exit_with_parent=os.getpid())
    yield running
    running.stop()


@pytest.fixture(scope="module")
def _worked(provider: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Morning:
    made = Morning(tmp_path_factory.mktemp("worked"), provider)
    made.drop({**MAILS, "vague.eml": VAGUE})
    assert made.night() > 0
    return made


@pytest.fixture
def morning(_worked: Morning, tmp_path: Path) -> Morning:
    shutil.copytree(_worked.folder, tmp_path / "desk", copy_function=shutil.copy2)
    return Morning(tmp_path / "desk", _worked.provider)


def decided(assembly: Assembly, case_id: str, step: str, kind: DecisionKind, **values: str) -> None:
    assert isinstance(assembly.clock, MovableClock)
    assembly.clock.now += timedelta(seconds=50)
    decide(assembly, Wanted(DAY, case_id, step, "amina", kind, values))


def vague_case(morning: Morning) -> str:
    [case_id] = [c for c, row in morning.rows("categories").items() if row["status"] == "review"]
    return case_id


def clear_case(morning: Morning) -> str:
    return next(c for c, row in morning.rows("drafts").items() if row["status"] == "ok")


def other_category(morning: Morning, case_id: str) -> str:
    row = morning.rows("categories")[case_id]
    with morning.open() as assembly:
        known = assembly.queues.named(row["queue"]).categories
    return next(c.name for c in known if c.needs_reply and c.reply_guidance and c.name != row["category"])


def open_keys(assembly: Assembly) -> set[tuple[str, str]]:
    return {(d.case_id, d.step) for d in Doubts(assembly).of(DAY)}


def test_what_is_sent_back_is_asked_once_more_with_the_remark_and_nothing_else_is(morning: Morning) -> None:
    case_id, before = vague_case(morning), morning.rows("categories")
    with morning.open() as assembly:
        decided(
            assembly, case_id, "categories", DecisionKind.SEND_BACK, remark="Call Timur, +7 701 555 01 02."
        )
        assert (case_id, "categories") not in open_keys(assembly), "it waits for the model, not for a person"
        text = next(
            t.request.user for t in assembly.night(DAY).tasks(assembly.steps[1]) if t.case_id == case_id
        )
    said = text.partition("<sent_back>")[2]
    assert "1. Call" in said and "555" not in said and "Timur" not in said, (
        "the remark is masked as the mail is"
    )
    assert morning.night() == 1
    after = morning.rows("categories")
    assert {c for c in after if after[c]["request_id"] != before[c]["request_id"]} == {case_id}
    assert after[case_id]["status"] == "review"
    with morning.open() as assembly:
        assert (case_id, "categories") in open_keys(assembly), "the new answer is doubtful too"
    assert morning.night() == 0, "a night without a change asks nothing"
    with morning.open() as assembly:
        assert (case_id, "categories") in open_keys(assembly)
        decided(assembly, case_id, "categories", DecisionKind.SEND_BACK)
    assert morning.night() == 1, "each time anew, also without a remark"
    with morning.open() as assembly:
        decided(assembly, case_id, "categories", DecisionKind.SEND_BACK, remark="this is fee_or_tariff")
    assert morning.night() == 2, "the category and, because that is clear now, the draft"
    row = morning.rows("categories")[case_id]
    assert (row["category"], row["status"], row["decided_by"]) == ("fee_or_tariff", "ok", "model")
    with morning.open() as assembly:
        decided(assembly, case_id, "categories", DecisionKind.APPROVE)
        assert (case_id, "categories") not in open_keys(assembly)
        for _ in range(4):
            decided(assembly, case_id, "categories", DecisionKind.UNDO)
    assert morning.night() == 0, "the first answer is still there and paid for"
    assert morning.rows("categories")[case_id]["request_id"] == before[case_id]["request_id"]


def test_sending_back_takes_away_what_was_decided_and_what_came_before_it(morning: Morning) -> None:
    case_id, other = clear_case(morning), other_category(morning, clear_case(morning))
    drafts = morning.rows("drafts")
    with morning.open() as assembly:
        decided(assembly, case_id, "categories", DecisionKind.CORRECT, category=other)
        decided(assembly, case_id, "categories", DecisionKind.SEND_BACK)
        with pytest.raises(ConfigurationError, match="at most 500"):
            decided(assembly, case_id, "categories", DecisionKind.SEND_BACK, remark="x" * 501)
        with pytest.raises(NothingToDecideError, match="no model has answered"):
            decided(assembly, vague_case(morning), "drafts", DecisionKind.SEND_BACK)
        back, spent = figures_of(assembly, DAY, "amina"), assembly.ledger.spending.usage(DAY)
        assert (back.sent_back, back.drafts_due) == (1, 0), "no draft follows from what holds no more"
        assert 0 < back.due_usd < sum(u.cost_usd for u in spent if u.step == "categories")
    assert morning.night() == 1, "the category; it stays what it was, and so does the draft"
    assert morning.rows("categories")[case_id]["decided_by"] == "model"
    assert morning.rows("drafts")[case_id]["request_id"] == drafts[case_id]["request_id"]


def test_the_end_page_counts_the_draft_that_an_approval_makes_due_and_a_cluster_as_one_decision(
    morning: Morning,
) -> None:
    case_id, other = vague_case(morning), clear_case(morning)
    with morning.open() as assembly:
        decided(assembly, case_id, "categories", DecisionKind.APPROVE)
        decide(assembly, Wanted(DAY, other, "categories", "amina", DecisionKind.APPROVE, {}))
        found, spent = figures_of(assembly, DAY, "amina"), assembly.ledger.spending.usage(DAY)
    assert (found.decisions, found.approved, found.seconds_each) == (1, 2, None)
    assert 0 < found.due_usd < sum(u.cost_usd for u in spent if u.step == "drafts")
    assert found.drafts_due == morning.night() == 1, "the other draft stays as it is"


def test_a_draft_is_written_now_from_what_was_decided_and_the_night_pays_nothing_for_it(
    morning: Morning,
) -> None:
    case_id = clear_case(morning)
    other, old = other_category(morning, case_id), morning.rows("drafts")
    with morning.open() as assembly:
        decided(assembly, case_id, "categories", DecisionKind.CORRECT, category=other)
        before = morning.executed()
        made = draft_now(assembly, DAY, case_id, "amina")
        assert (made.status, morning.executed() - before) == ("ok", 1)
        again = draft_now(assembly, DAY, case_id, "bek")
        assert (again.status, morning.executed() - before) == ("ok", 1), "answered already"
        [paid] = [u for u in assembly.ledger.spending.usage(DAY) if u.mode == "online"]
        assert (paid.step, paid.requests) == ("drafts", 1) and paid.cost_usd > 0
        shown = case_page(CaseRows(assembly), DAY, case_id).steps["drafts"]
        assert shown.status == "ok" and shown.value["body"] != old[case_id]["body"]
        decided(assembly, case_id, "drafts", DecisionKind.APPROVE)
    assert morning.night() == 0
    new = morning.rows("drafts")
    assert new[case_id]["body"] == shown.value["body"] and new[case_id]["decided_by"] == "amina"
    assert {c for c in new if new[c]["request_id"] != old[c]["request_id"]} == {case_id}


def test_a_draft_of_a_former_category_is_not_ready_between_two_steps_of_a_rework(morning: Morning) -> None:
    case_id = clear_case(morning)

    def state() -> State:
        with morning.open() as assembly:
            return next(d.state for d in Drafts(assembly).of(DAY) if d.case_id == case_id)

    def released() -> int:
        with morning.open() as assembly:
            drafts = Drafts(assembly)
            return release(assembly, [d for d in drafts.of(DAY) if d.case_id == case_id], "lena").released

    assert (released(), state()) == (1, State.RELEASED)
    with morning.open() as assembly:
        decided(
            assembly, case_id, "categories", DecisionKind.CORRECT, category=other_category(morning, case_id)
        )
    assert state() is State.OUTDATED
    assert morning.night(rounds=1) == 0 and morning.rows("categories")[case_id]["decided_by"] == "amina"
    assert (state(), released()) == (State.OUTDATED, 0), (
        "the category is in the tables, the draft is the former one"
    )
    assert (morning.night(), state(), released()) == (1, State.READY, 1)
    after: list[State] = []
    for kind, values in (
        (DecisionKind.CORRECT, {"category": "thanks"}),
        (DecisionKind.UNDO, {}),
        (DecisionKind.UNDO, {}),
    ):
        with morning.open() as assembly:
            decided(assembly, case_id, "categories", kind, **values)
        morning.night(rounds=1)
        after.append(state())
    no_reply, the_same_again, the_first = after
    assert (no_reply, the_same_again, the_first) == (State.OUTDATED, State.RELEASED, State.OUTDATED)
    assert (morning.night(), state()) == (0, State.READY), "the first draft is there again, and paid for"


def test_an_approval_is_of_the_answer_that_was_seen_and_of_no_later_one(morning: Morning) -> None:
    case_id = clear_case(morning)
    other = other_category(morning, case_id)
    with morning.open() as assembly:
        decided(assembly, case_id, "drafts", DecisionKind.APPROVE)
    assert morning.night() == 0
    assert morning.rows("drafts")[case_id]["decided_by"] == "amina"
    with morning.open() as assembly:
        decided(assembly, case_id, "categories", DecisionKind.CORRECT, category=other)
    assert morning.night() > 0, "the draft is written anew"
    assert morning.rows("drafts")[case_id]["decided_by"] == "model", "nobody has seen this one"
    with morning.open() as assembly:
        assert case_page(CaseRows(assembly), DAY, case_id).steps["drafts"].decided is None
        decided(assembly, case_id, "categories", DecisionKind.UNDO)
    assert morning.night() == 0
    assert morning.rows("drafts")[case_id]["decided_by"] == "amina", "the approved answer is there again"


def test_a_draft_now_keeps_to_budget_and_to_what_may_be_written(morning: Morning) -> None:
    case_id, vague = clear_case(morning), vague_case(morning)
    other, before = other_category(morning, case_id), morning.executed()
    with morning.open() as assembly:
        decided(assembly, case_id, "categories", DecisionKind.CORRECT, category=other)
        with pytest.raises(NothingToDecideError, match="decide it first"):
            draft_now(assembly, DAY, vague, "amina")
    morning.changes = {"budget_usd": Decimal("0.000001")}
    with morning.open() as assembly:
        with pytest.raises(OverBudgetError, match="LLM_ASSETS_BUDGET_USD"):
            draft_now(assembly, DAY, case_id, "amina")
        assert morning.executed() == before
        decided(assembly, case_id, "categories", DecisionKind.CORRECT, category="thanks")
        with pytest.raises(NothingToDecideError, match="needs no reply"):
            draft_now(assembly, DAY, case_id, "amina")
    morning.changes = {}
    with morning.open() as assembly:
        decided(assembly, case_id, "categories", DecisionKind.UNDO)
    assert morning.night() == 1, "what had no room is still due"


def test_after_the_deadline_only_what_people_asked_for_is_paid(morning: Morning) -> None:
    """A morning's decisions concern a closed night, whose answers are kept though prompts may have changed."""
    case_id, vague, other = (
        clear_case(morning),
        vague_case(morning),
        other_category(morning, clear_case(morning)),
    )
    before, morning.clock.now = morning.rows("drafts"), AFTER_DEADLINE
    with morning.open() as assembly:
        decided(assembly, case_id, "categories", DecisionKind.CORRECT, category=other)
        assert draft_now(assembly, DAY, case_id, "amina").status == "ok"
        decided(assembly, case_id, "drafts", DecisionKind.SEND_BACK, remark="shorter")
        decided(assembly, vague, "categories", DecisionKind.SEND_BACK)
        assert draft_now(assembly, DAY, case_id, "bek").status == "ok"
        [online] = [u for u in assembly.ledger.spending.usage(DAY) if u.mode == "online"]
        assert online.requests == 2, "the draft, and once more with the remark"
    assert morning.night() == 1, "the category that was sent back"
    after = morning.rows("drafts")
    assert {c for c in after if after[c]["request_id"] != before[c]["request_id"]} == {case_id}
    assert morning.night() == 0


class Dying:
    """A provider whose process dies with the first answer in its hands."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:  # whatever else a provider is asked
        return getattr(self._provider, name)

    def ask(self, line: bytes, mode: Mode = Mode.ONLINE, within: float | None = None) -> Answer:
        self._provider.ask(line)
        raise SystemExit("killed")


def test_a_draft_whose_writer_dies_or_cannot_reach_the_provider_comes_with_the_night(
    morning: Morning,
) -> None:
    case_id, other = clear_case(morning), other_category(morning, clear_case(morning))
    with morning.open() as assembly:
        decided(assembly, case_id, "categories", DecisionKind.CORRECT, category=other)
        gone = morning.folder / "gone"
        away = Morning(gone, replace(morning.provider, url="http://127.0.0.1:9"), clock=morning.clock)
        with away.open() as elsewhere:
            unreachable = elsewhere.engine.provider
        whole, assembly.__dict__["engine"] = assembly.engine, replace(assembly.engine, provider=unreachable)
        with pytest.raises(NotNowError, match="the night writes the draft"):
            draft_now(assembly, DAY, case_id, "amina")
        morning.clock.now += timedelta(minutes=30)
        assembly.__dict__["engine"] = replace(whole, provider=Dying(whole.provider))
        with pytest.raises(SystemExit):
            draft_now(assembly, DAY, case_id, "amina")
    morning.clock.now += timedelta(minutes=30)
    assert morning.night() == 1, "the answer that died with its process; nothing is lost"
    assert morning.rows("drafts")[case_id]["status"] == "ok"
    assert morning.night() == 0


def test_a_record_is_labelled_with_what_was_decided_read_back_as_it_came_and_deleted_with_it(
    morning: Morning,
) -> None:
    case_id = vague_case(morning)
    with morning.open() as assembly, pytest.raises(ConfigurationError, match="LLM_ASSETS_CONTROL_SET"):
        label_record(assembly, DAY, case_id, "amina")
    folder = morning.folder / "labelled"
    morning.changes = {"control_set": folder}
    chosen = other_category(morning, case_id)
    with morning.open() as assembly:
        with pytest.raises(NotDecidedError):
            label_record(assembly, DAY, case_id, "amina")
        assert not folder.exists()
        decided(assembly, case_id, "categories", DecisionKind.CORRECT, category=chosen)
        decided(assembly, case_id, "extracted_fields", DecisionKind.CORRECT, amount="7340.50")
        for _ in range(2):
            made = label_record(assembly, DAY, case_id, "amina")
        [label] = read_labels(folder)
        assert (label.category, label.needs_reply, label.fields) == (chosen, True, {"amount": "7340.50"})
        data, kind = record(folder / label.file)
        message = read_item(data, kind, label.file)
        assert (message.record_id, message.subject) == (made.record_id, "Вопрос")
        assert "vague" not in label.file, "a file's name says nothing that a customer wrote"
        entry = list(assembly.ledger.trail.entries())[-1]
        assert (entry.actor, entry.action) == ("amina", "exported") and "Вопрос" not in entry.detail
        keep = Label(file="records/own.eml", queue=label.queue, category=chosen).model_dump_json()
        (folder / "records" / "own.eml").write_bytes(VAGUE)
        with (folder / "labels.jsonl").open("a", encoding="utf-8") as file:
            file.write(keep + "\n")
        found = find(assembly, made.record_id, DAY)
        assert found is not None
        delete(assembly, found, "amina", "asked")
    assert [one.file for one in read_labels(folder)] == ["records/own.eml"]
    assert [p.name for p in (folder / "records").iterdir()] == ["own.eml"]


def test_a_doubt_is_due_as_soon_as_its_queue_answers(morning: Morning) -> None:
    rule = QueueDeadline(within="1 hour")
    with morning.open() as assembly:
        before = {d.key: d.deadline for d in Doubts(assembly).of(DAY)}
        hurried = [q.model_copy(update={"deadline": rule}) for q in assembly.queues.queues]
        assembly.__dict__["queues"] = Queues(queues=tuple(hurried))
        due = {d.key: d.deadline for d in Doubts(assembly).of(DAY)}
    assert due.keys() == before.keys()
    assert due
    for key, deadline in due.items():
        assert deadline is not None
        assert deadline <= (before[key] or DAY + timedelta(days=1))
