"""A night at the command line: what comes out of it, and what a second one costs."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.ports.review import Decision
from resources.ledger import SqlLedger
from tests.support.houses.house import LONG_AGO, TODAY, Emulated, House, Worked, runs
from tests.support.mail.invented_inbox import DOCUMENTS, DUPLICATES, RECEIVED, SHOP, UPDATES, fill, mail, put

COLUMNS = {
    "documents": "day, record_id, case_id, message_id, queue, priority, received_at, sender, subject, language,"
    " new_text, flags, content_hash, duplicate_of, supersedes",
    "extracted_fields": "day, record_id, request_number, topic, customer_name, problem_type, deadline, department,"
    " document_type, document_number, document_date, amount, currency, status, model, prompt_version, case_id",
    "categories": "day, record_id, queue, category, confidence, runner_up, needs_reply, status, decided_by, case_id",
    "drafts": "day, record_id, language, subject, body, status, defects, case_id",
    "review_queue": "day, record_id, step, reason, detail, opened_at, decided_at, decision, case_id",
    "decisions": 'day, record_id, step, "at", "by", kind, "before", "after", prompt_version, case_id',
    "agreement": "day, queue, category, prompt_version, decided, agreed, sampled",
    "llm_usage": "day, step, lane, provider, model, prompt_version, mode, requests, succeeded, retried, failed,"
    " input_tokens, cached_tokens, output_tokens, cost_usd",
    "morning_report": "day, revision, generated_at, path, totals",
}


def rows(house: House, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        return lake.execute(query).fetchall()


def sent_by_step(house: House) -> Counter[str]:
    return Counter(dict(rows(house, "select step, sum(requests)::int from llm_usage group by step")))


def agreed(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """What every provider has to give alike."""
    queues = {name: (q["documents"], q["by_category"]) for name, q in report["queues"].items()}
    return {"totals": report["totals"], "queues": queues}


def holds(report: Mapping[str, Any]) -> bool:
    """The identities of the public interface."""
    totals, queues = report["totals"], report["queues"].values()
    return (
        totals["documents"] == totals["received"] - totals["duplicates"] - totals["updates"]
        and totals["documents"] == sum(totals[state] for state in ("ok", "review", "dead", "open"))
        and totals["ok"] == totals["drafts_ready"] + totals["not_needed"]
        and all(sum(q["by_category"].values()) == q["documents"] for q in queues)
        and all(
            sum(q[name] for q in queues) == totals[name]
            for name in ("received", "duplicates", "updates", "documents", "drafts_ready")
        )
    )


def revisions(house: House) -> list[str]:
    return sorted(p.name for p in (house.home / "reports" / TODAY.isoformat()).iterdir())


def test_a_night_answers_every_case_and_its_sums_hold(worked: Worked) -> None:
    totals = worked.first.report["totals"]
    assert worked.first.code == 0, worked.first.err
    assert (totals["received"], totals["duplicates"], totals["updates"]) == (RECEIVED, DUPLICATES, UPDATES)
    assert (totals["documents"], totals["dead"], totals["open"]) == (DOCUMENTS, 0, 0)
    assert holds(worked.first.report)
    assert totals["drafts_ready"] > 0 and totals["not_needed"] > 0
    assert worked.first.report["missing"] == []


def test_a_night_in_a_pipe_prints_nothing_but_its_table_and_json(worked: Worked) -> None:
    *table, last = worked.first.out.splitlines()
    assert worked.first.err == ""
    assert json.loads(last)["day"] == TODAY.isoformat()
    assert table[-1].removeprefix("report: ").endswith("rev-1/report.html")
    assert Path(table[-1].removeprefix("report: ")).is_file()


def test_a_broken_mail_goes_to_a_person_and_costs_nothing(worked: Worked) -> None:
    (broken,) = rows(
        worked.house, "select record_id from documents where 'unreadable' in flags or flags = ['empty_body']"
    )
    reasons = rows(worked.house, f"select reason from review_queue where record_id = '{broken[0]}'")
    assert reasons and sent_by_step(worked.house)["extracted_fields"] == DOCUMENTS - 1


@pytest.mark.parametrize("view", COLUMNS)
def test_an_analyst_finds_every_promised_column(worked: Worked, view: str) -> None:
    found = rows(worked.house, f"select {COLUMNS[view]} from {view}")
    expected = {
        "documents": RECEIVED,
        "extracted_fields": DOCUMENTS,
        "categories": DOCUMENTS,
        "drafts": DOCUMENTS,
    }
    undecided = ("decisions", "agreement")
    assert len(found) == expected.get(view, len(found))
    assert (len(found) == 0) == (view in undecided)


def test_every_status_in_the_tables_is_a_promised_one(worked: Worked) -> None:
    for view in ("extracted_fields", "categories", "drafts"):
        found = {status for (status,) in rows(worked.house, f"select distinct status from {view}")}
        assert found <= {s.value for s in Status}


def test_the_urgent_mail_is_answered_online_and_the_rest_in_batches(worked: Worked) -> None:
    modes = rows(worked.house, "select mode, lane from llm_usage where step = 'categories' order by mode")
    assert modes == [("batch", "nightly"), ("online", "urgent")]


def test_the_report_files_say_the_same_as_the_last_line(worked: Worked) -> None:
    folder = worked.house.home / "reports" / TODAY.isoformat() / "rev-1"
    assert json.loads((folder / "report.json").read_text()) == worked.first.report
    assert (folder / "report.md").stat().st_size > 0


def test_an_unchanged_night_sends_nothing_and_writes_no_revision(
    morning_after: House, emulated: Emulated
) -> None:
    before = emulated.answered()
    again = morning_after.night()
    assert again.code == 0
    assert emulated.answered() == before
    assert "  0 requests sent now" in again.out
    assert revisions(morning_after) == ["rev-1"]


def test_a_changed_text_costs_only_its_own_record(morning_after: House) -> None:
    before = sent_by_step(morning_after)
    changed = mail("Экран разбит, треснул, это брак, прислали не то.", 5, to=SHOP)
    put(morning_after.home / "inbox", "05.eml", changed, TODAY)
    again = morning_after.night()
    assert again.code == 0 and holds(again.report)
    assert again.report["totals"]["received"] == RECEIVED
    asked = Counter(extracted_fields=1, categories=1, drafts=1)
    assert sent_by_step(morning_after) - before == asked, "the opening lines are what they were"
    assert rows(morning_after, "select category from categories where case_id = (select case_id from documents"
                               " where message_id = 'mail5@post.example')") == [("damaged_or_wrong_item",)]  # fmt: skip
    assert revisions(morning_after) == ["rev-1", "rev-2"]


def test_mail_handed_in_later_costs_only_itself_and_belongs_to_the_named_day(
    morning_after: House, tmp_path: Path
) -> None:
    before = sent_by_step(morning_after)
    put(tmp_path / "late", "13.eml", mail("Where is my parcel? It is late.", 13, to=SHOP), LONG_AGO)
    again = morning_after.night("--inbox", str(tmp_path / "late"))
    assert again.code == 0 and again.report["totals"]["received"] == RECEIVED + 1
    assert sent_by_step(morning_after) - before == Counter(
        extracted_fields=1, categories=1, drafts=1, night_summary=1
    )


def test_a_persons_category_makes_only_this_cases_draft_due(morning_after: House) -> None:
    before = sent_by_step(morning_after)
    ((case_id, draft),) = rows(
        morning_after,
        "select case_id, body from drafts join documents using (case_id) where message_id = 'mail1@post.example'",
    )
    ledger = SqlLedger(f"sqlite:///{morning_after.home / 'ledger.db'}", morning_after.home)
    try:
        values = {"category": "card_lost_or_fraud", "needs_reply": True}
        ledger.review.decide(TODAY, Decision(case_id, "categories", values, "amina", datetime.now(UTC)))
    finally:
        ledger.close()
    again = morning_after.night()
    assert again.code == 0 and holds(again.report)
    assert (sent_by_step(morning_after) - before).keys() <= {"drafts", "night_summary"}
    assert (sent_by_step(morning_after) - before)["drafts"] == 1
    decided = rows(
        morning_after, f"select category, status, decided_by from categories where case_id = '{case_id}'"
    )
    assert decided == [("card_lost_or_fraud", Status.CORRECTED.value, "amina")]
    ((body,),) = rows(morning_after, f"select body from drafts where case_id = '{case_id}'")
    assert body != draft


@pytest.mark.sampled(every=3)
@pytest.mark.slow
@pytest.mark.parametrize("provider", ["anthropic", "gemini", "emulator"])
def test_every_provider_gives_the_same_totals(worked: Worked, house: House, provider: str) -> None:
    fill(house.home / "inbox", TODAY)
    ran = house.night(
        LLM_ASSETS_PROVIDER=provider, OPENAI_API_KEY="" if provider == "emulator" else "invented"
    )
    assert ran.code == 0, ran.err
    assert agreed(ran.report) == agreed(worked.first.report)
    assert ("demo model: rules, not an LLM" in ran.out) is (provider == "emulator")


@pytest.mark.soak
@pytest.mark.slow
def test_an_analyst_is_never_blocked_and_blocks_nobody(house: House, emulated: Emulated) -> None:
    emulated.scenario("batches:\n  - when: {}\n    latency: 3\n")
    fill(house.home / "inbox", TODAY)
    night = house.start("night", "--day", TODAY.isoformat())
    while runs(night) and not (house.home / "analytics.duckdb").exists():
        pass
    analyst = duckdb.connect(house.home / "analytics.duckdb", read_only=True)
    looks = []
    while runs(night):
        looks.append(rows(house, "select count(*) from documents"))
    _, err = night.communicate()
    assert night.returncode == 0, err
    assert analyst.execute("select count(*) from documents").fetchone() == (RECEIVED,)
    analyst.close()
    assert looks[0] == [(0,)] and looks[-1] == [(RECEIVED,)]
    assert all(look in ([(0,)], [(RECEIVED,)]) for look in looks)
