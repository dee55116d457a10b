"""Releasing: what may be released, that a release holds for the words that were read, and what leaves the house by it."""

import csv
import email
import io
from collections.abc import Iterator
from datetime import timedelta
from email.policy import default
from pathlib import Path

import pytest

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.mail.document import Address
from llm_assets.engine.answers.decisions import decided, in_force
from llm_assets.engine.ports.review import DecisionKind
from llm_assets.usecases.drafts.export import export
from llm_assets.usecases.drafts.ready import Drafts, State, release_all_stamp
from llm_assets.usecases.drafts.release import check_queue, release, release_queue, release_text, take_back
from llm_assets.usecases.records.audit import Export, verified
from llm_assets.usecases.report.quality import drafts as report_drafts
from llm_assets.usecases.review.decide import NothingToDecideError, UnknownRecordError, Wanted, decide
from tests.support.houses.desk_with_drafts import OTHER_QUEUE, QUEUE, DeskWithDrafts, case_of
from tests.support.mail.invented_documents import DAY, document
from tests.support.nights.ledger_night import plan, work

ALL = [case_of(1), case_of(2), case_of(3, OTHER_QUEUE), case_of(4)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskWithDrafts]:
    made = DeskWithDrafts(tmp_path)
    made.write(ALL, case4={"status": "review", "doubt_reason": "draft_defects"})
    yield made
    made.close()


def states(desk: DeskWithDrafts) -> dict[str, State]:
    return {d.case_id: d.state for d in Drafts(desk.assembly).of(DAY)}


def text_of(desk: DeskWithDrafts, case_id: str) -> str:
    return next(d.text for d in Drafts(desk.assembly).of(DAY) if d.case_id == case_id)


def one(desk: DeskWithDrafts, case_id: str = "case1") -> int:
    drafts = Drafts(desk.assembly)
    return release_text(desk.assembly, drafts, DAY, case_id, text_of(desk, case_id), "lena").released


def decide_as(desk: DeskWithDrafts, case_id: str, step: str, kind: DecisionKind, **values: str) -> None:
    decide(desk.assembly, Wanted(DAY, case_id, step, "amina", kind, values))


def test_only_settled_drafts_are_released_and_a_queue_at_once(desk: DeskWithDrafts) -> None:
    assert states(desk) == {
        "case1": State.READY,
        "case2": State.READY,
        "case3": State.READY,
        "case4": State.IN_DOUBT,
    }
    drafts = Drafts(desk.assembly)
    with pytest.raises(NothingToDecideError, match="in doubt"):
        one(desk, "case4")
    with pytest.raises(UnknownRecordError):
        release_text(desk.assembly, drafts, DAY, "case9", "", "lena")
    shown = release_all_stamp(d for d in drafts.of(DAY) if d.queue == QUEUE and d.state is State.READY)
    assert release_queue(desk.assembly, drafts, DAY, QUEUE, shown, "lena").released == 2
    assert [s for _, s in sorted(states(desk).items())] == [
        State.RELEASED,
        State.RELEASED,
        State.READY,
        State.IN_DOUBT,
    ]
    with pytest.raises(NothingToDecideError, match="changed"):
        release_queue(desk.assembly, drafts, DAY, QUEUE, shown, "lena")
    assert one(desk) == 0, "sent twice"
    with pytest.raises(ConfigurationError, match=QUEUE):
        check_queue(desk.assembly, DAY, "nobody")
    assert verified(desk.assembly).wrong == []


def test_urgent_ones_come_first(desk: DeskWithDrafts) -> None:
    desk.write([case_of(1), case_of(2), case_of(3, priority="urgent")])
    assert [(d.case_id, d.urgent) for d in Drafts(desk.assembly).of(DAY)] == [
        ("case3", True),
        ("case1", False),
        ("case2", False),
    ]


def test_a_release_is_no_answer_and_hides_no_doubt(desk: DeskWithDrafts) -> None:
    one(desk)
    made = desk.assembly.ledger.review.decisions(DAY)
    assert [d.kind for d in made] == [DecisionKind.RELEASE]
    assert in_force(made) == [] and decided(made, "drafts") == {}


def test_a_release_holds_for_the_words_that_were_read(desk: DeskWithDrafts) -> None:
    one(desk)
    decide_as(desk, "case1", "drafts", DecisionKind.CORRECT, body="Карта придёт завтра.")
    assert states(desk)["case1"] is State.READY
    with pytest.raises(NothingToDecideError, match="changed since"):
        release_text(desk.assembly, Drafts(desk.assembly), DAY, "case1", "another", "lena")
    assert one(desk) == 1
    take_back(desk.assembly, DAY, "case1", "lena")
    assert states(desk)["case1"] is State.READY
    with pytest.raises(NothingToDecideError):
        take_back(desk.assembly, DAY, "case1", "lena")
    assert one(desk) == 1
    decide_as(desk, "case1", "drafts", DecisionKind.UNDO)
    made = decided(desk.assembly.ledger.review.decisions(DAY), "drafts")
    assert made == {}, "an undo is about the correction, not about the lead's release"
    assert states(desk)["case1"] is State.READY


def test_the_report_counts_the_releases_that_hold(desk: DeskWithDrafts) -> None:
    def counted() -> dict[str, object]:
        made = desk.assembly.ledger.review.decisions(DAY)
        return report_drafts(desk.assembly, DAY, made, {QUEUE: 2, OTHER_QUEUE: 1})

    assert counted()["released"] == 0
    for case_id in ("case1", "case2", "case3"):
        one(desk, case_id)
    take_back(desk.assembly, DAY, "case3", "lena")
    assert counted()["queues"] == {
        QUEUE: {"ready": 2, "released": 2},
        OTHER_QUEUE: {"ready": 1, "released": 0},
    }
    decide_as(desk, "case1", "drafts", DecisionKind.CORRECT, body="Other words.")
    assert counted()["released"] == 1, "nobody has released these words"


def test_an_approved_doubt_is_ready_and_a_given_up_case_is_not(desk: DeskWithDrafts) -> None:
    decide_as(desk, "case4", "drafts", DecisionKind.APPROVE)
    decide_as(desk, "case2", "drafts", DecisionKind.DEAD_LETTER)
    assert states(desk)["case4"] is State.READY and "case2" not in states(desk)


def test_who_decided_last_is_right_though_the_first_browser_has_a_fast_clock(desk: DeskWithDrafts) -> None:
    now = desk.assembly.clock()
    for name, ahead, seen, body in (("amina", 4, 0, "Завтра."), ("bek", 0, 1, "Сегодня.")):
        at = now + timedelta(minutes=ahead)
        values = {"body": body}
        decide(desk.assembly, Wanted(DAY, "case1", "drafts", name, DecisionKind.CORRECT, values, seen, at))
    held = decided(desk.assembly.ledger.review.decisions(DAY), "drafts")["case1"]
    assert (held.decided_by, held.values["body"]) == ("bek", "Сегодня.")


def test_a_case_without_an_answer_is_not_settled_without_one(desk: DeskWithDrafts) -> None:
    unanswered = {"status": "review", "doubt_reason": "refused", "category": None, "decided_by": None}
    desk.put(
        "categories",
        [dict(r) | (unanswered if r["case_id"] == "case1" else {}) for r in desk.rows("categories")],
    )
    for kind, values in (
        (DecisionKind.APPROVE, {}),
        (DecisionKind.CORRECT, {"needs_reply": "no"}),
    ):
        with pytest.raises(NothingToDecideError, match="has no category"):
            decide_as(desk, "case1", "categories", kind, **values)
    with pytest.raises(ConfigurationError, match="at least one column"):
        decide_as(desk, "case1", "categories", DecisionKind.CORRECT)
    decide_as(desk, "case1", "categories", DecisionKind.CORRECT, category="card_lost_or_fraud")
    decide_as(desk, "case1", "categories", DecisionKind.APPROVE)


def test_a_draft_waits_while_what_it_is_made_from_is_decided_otherwise(desk: DeskWithDrafts) -> None:
    one(desk, "case2")
    decide_as(desk, "case2", "categories", DecisionKind.CORRECT, category="card_lost_or_fraud")
    assert states(desk)["case2"] is State.OUTDATED
    rows = [dict(r) for r in desk.rows("categories")]
    named = {"category": "card_lost_or_fraud", "status": "corrected", "decided_by": "amina"}
    desk.put("categories", [r | named if r["case_id"] == "case2" else r for r in rows])
    assert states(desk)["case2"] is State.RELEASED, "the night's next run wrote the same draft"
    decide_as(desk, "case2", "categories", DecisionKind.UNDO)
    assert states(desk)["case2"] is State.OUTDATED
    desk.put("categories", rows)
    assert states(desk)["case2"] is State.RELEASED


def test_a_draft_waits_while_its_next_answer_is_on_its_way(desk: DeskWithDrafts) -> None:
    """Its table keeps the earlier one until the answer has come."""
    kept = Drafts(desk.assembly)
    desk.write(ALL, case1={"request_id": "asked before"})
    decide_as(desk, "case1", "categories", DecisionKind.CORRECT, category="card_lost_or_fraud")
    named = {"category": "card_lost_or_fraud", "status": "corrected", "decided_by": "amina"}
    desk.put(
        "categories",
        [r | named if r["case_id"] == "case1" else r for r in map(dict, desk.rows("categories"))],
    )
    assert kept.of(DAY)[0].state is State.READY
    [given] = work([1])
    step = desk.assembly.steps[-1]
    now = next(i for i in desk.assembly.night(DAY).inputs(step) if i.case.case_id == "case1")
    given = given._replace(case_id="case1", input_hash=step.input_hash(now))
    plan(desk.assembly.ledger, [given], step="drafts", day=DAY)
    assert kept.of(DAY)[0].state is State.OUTDATED
    row = {r["case_id"]: dict(r) for r in desk.rows("drafts")}
    desk.put("drafts", (row | {"case1": row["case1"] | {"request_id": given.request_id}}).values())
    assert kept.of(DAY)[0].state is State.READY
    desk.write(ALL, case1={"request_id": given.request_id})
    decide_as(desk, "case1", "categories", DecisionKind.UNDO)
    assert kept.of(DAY)[0].state is State.OUTDATED, (
        "its category is the former one again, and no draft is asked for yet"
    )


def test_drafts_that_are_kept_in_memory_follow_decisions_and_tables(desk: DeskWithDrafts) -> None:
    kept = Drafts(desk.assembly)

    def seen() -> list[tuple[str, State, str]]:
        return [(d.case_id, d.state, d.body) for d in kept.of(DAY)]

    before = seen()
    one(desk)
    assert seen() == [(c, State.RELEASED if c == "case1" else s, b) for c, s, b in before]
    desk.write(ALL[:2], case1={"body": "Иначе."})
    assert seen() == [("case1", State.READY, "Иначе."), before[1]]


def test_what_a_colleague_decided_meanwhile_is_not_released(desk: DeskWithDrafts) -> None:
    seen = [d for d in Drafts(desk.assembly).of(DAY) if d.queue == QUEUE]
    decide_as(desk, "case1", "drafts", DecisionKind.CORRECT, body="Другое.")
    made = release(desk.assembly, seen, "lena")
    assert made.released == 1
    assert [late.newest.decided_by for late in made.overtaken] == ["amina"]
    assert states(desk)["case1"] is State.READY


def test_exported_mails_thread_and_a_second_export_writes_the_same(
    desk: DeskWithDrafts, tmp_path: Path
) -> None:
    more = document(5, "И ещё?", case_id="case1", message_id="5@post.example", subject="Re: Карта 1",
                    references=("1@post.example",), sender=Address("Айгүл", "aigul@post.example"))  # fmt: skip
    desk.write([*ALL, more])
    out = tmp_path / "out"
    assert export(desk.assembly, DAY, "eml", out, "lena").drafts == 0
    release_queue(desk.assembly, Drafts(desk.assembly), DAY, QUEUE, None, "lena")
    made = export(desk.assembly, DAY, "eml", out, "lena")
    before = {p.name: (p.read_bytes(), p.stat().st_ino) for p in made.files}
    assert set(before) == {f"{DAY}-case{n}.eml" for n in (1, 2, 4)} and made.without_address == []
    found = email.message_from_bytes(before[f"{DAY}-case1.eml"][0], policy=default)
    assert (found["In-Reply-To"], found["To"].addresses[0].addr_spec) == (
        "<5@post.example>",
        "aigul@post.example",
    )
    assert found["References"].split() == ["<1@post.example>", "<5@post.example>"]
    assert found["From"].addresses[0].domain == "altyn.example"
    again = export(desk.assembly, DAY, "eml", out, "lena")
    assert {p.name: (p.read_bytes(), p.stat().st_ino) for p in again.files} == before
    take_back(desk.assembly, DAY, "case2", "lena")
    assert [p.name for p in export(desk.assembly, DAY, "eml", out, "lena").stale] == [f"{DAY}-case2.eml"]
    assert all(p.stat().st_mode & 0o077 == 0 for p in out.iterdir())
    told = [line for line in Export(desk.assembly).lines() if line.action == "exported"]
    assert {line.actor for line in told} == {"lena"} and len(told) == 3


def test_cells_of_the_table_are_no_formulas(desk: DeskWithDrafts, tmp_path: Path) -> None:
    nobody = case_of(2, sender=Address("=cmd()", "not an address"))
    desk.write([ALL[0], nobody], case1={"subject": "=HYPERLINK(1)", "body": "+7 701\nқазақша"})
    release_queue(desk.assembly, Drafts(desk.assembly), DAY, QUEUE, None, "lena")
    made = export(desk.assembly, DAY, "csv", tmp_path, "lena")
    [path] = made.files
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "Excel takes it for another encoding without"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    assert (rows[0]["subject"], rows[0]["body"]) == ("'=HYPERLINK(1)", "'+7 701\nқазақша")
    assert (rows[0]["released_by"], rows[1]["to_address"]) == ("lena", "")
    assert made.without_address == ["record2"]
    with pytest.raises(ConfigurationError, match="eml or csv"):
        export(desk.assembly, DAY, "pdf", tmp_path, "lena")
