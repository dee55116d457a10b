"""The sums of the morning report, case by case and over random nights."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from llm_assets.domain.desk.reply_by import working_days_after
from llm_assets.domain.requests.outcome import Status
from llm_assets.report.numbers import Missing, QueueNumbers, Totals, compute, sums_hold
from tests.support.nights.invented_night import (
    DAY,
    case_rows,
    document,
    doubt,
    merged,
    small_night,
    step_row,
    usage,
)

STATES = [
    pytest.param(("ok", "ok", "ok"), "drafts_ready", id="a draft is ready"),
    pytest.param(("ok", "ok", "corrected"), "drafts_ready", id="a person wrote the draft"),
    pytest.param(("corrected", "corrected", "ok"), "drafts_ready", id="a person corrected what it rests on"),
    pytest.param(("ok", "ok", "not_needed"), "not_needed", id="no reply is needed"),
    pytest.param(("not_needed", "not_needed", "not_needed"), "not_needed", id="nothing applies to it"),
    pytest.param(("ok", "review", "review"), "review", id="its category is doubtful"),
    pytest.param(("review", "ok", "ok"), "review", id="a draft on doubtful fields waits for a person"),
    pytest.param(("ok", "open", "open"), "open", id="its category has not come"),
    pytest.param(("review", "open", "open"), "open", id="open outweighs doubt"),
    pytest.param(("ok", "ok", None), "open", id="a missing row is open"),
    pytest.param((None, None, None), "open", id="no row at all is open"),
    pytest.param(("dead", "ok", "dead"), "dead", id="one step failed for good"),
    pytest.param(("dead", "open", None), "dead", id="dead outweighs open"),
]


@pytest.mark.parametrize(("statuses", "ends_as"), STATES)
def test_a_case_ends_in_exactly_one_state(statuses: tuple[str | None, ...], ends_as: str) -> None:
    fields, category, draft = statuses
    numbers = compute(
        DAY, documents=[document("a")], steps=case_rows("a", fields=fields, category=category, draft=draft)
    )
    ends = ("drafts_ready", "not_needed", "review", "open", "dead")
    assert {name: getattr(numbers.totals, name) for name in ends} == {
        name: int(name == ends_as) for name in ends
    }
    assert sums_hold(numbers) == []


def test_the_small_night_adds_up() -> None:
    numbers = small_night()
    assert numbers.totals == Totals(
        received=7, duplicates=1, updates=1, documents=5,
        ok=2, review=1, dead=1, open=1, drafts_ready=1, not_needed=1,
    )  # fmt: skip
    assert numbers.queues["bank"].by_category == {"loan": 2, "none": 1}
    assert numbers.queues["shop"].by_category == {"return": 1, "thanks": 1}
    assert numbers.queues["shop"].totals.received == 3
    assert numbers.languages == {"ru": 4, "kk": 1}
    assert numbers.flags == {"charset_guessed": 1}
    assert numbers.models == ["m-1"]
    assert numbers.steps["categories"] == {
        Status.OK: 2,
        Status.REVIEW: 1,
        Status.CORRECTED: 1,
        Status.OPEN: 1,
    }
    assert sums_hold(numbers) == []


def test_an_empty_night_is_a_report_of_zeros() -> None:
    numbers = compute(DAY, documents=[], steps={})
    assert numbers.totals == Totals()
    assert numbers.usd_per_thousand is None
    assert sums_hold(numbers) == []


def test_rows_may_come_as_streams() -> None:
    steps = {
        name: iter(rows) for name, rows in case_rows("a", fields="ok", category="ok", draft="ok").items()
    }
    assert compute(DAY, documents=iter([document("a")]), steps=steps).totals.drafts_ready == 1


def test_a_further_step_counts_too() -> None:
    steps = merged(
        case_rows(c, fields="ok", category="ok", draft="ok") | {"moderation": [step_row(c, status)]}
        for c, status in [("a", "ok"), ("b", "review"), ("c", "not_needed")]
    )
    numbers = compute(DAY, documents=[document(c) for c in "abc"], steps=steps)
    assert (numbers.totals.drafts_ready, numbers.totals.review) == (2, 1)
    assert numbers.steps["moderation"] == {Status.OK: 1, Status.REVIEW: 1, Status.NOT_NEEDED: 1}


def test_an_update_in_another_queue_counts_there_and_its_case_here() -> None:
    numbers = compute(
        DAY,
        documents=[document("a"), document("a", "update", queue="shop", priority="urgent")],
        steps=case_rows("a", fields="ok", category="ok", draft="ok"),
    )
    assert numbers.queues["shop"].totals == Totals(received=1, updates=1)
    assert numbers.queues["bank"].totals.documents == 1
    assert [p.case_id for p in numbers.pressing] == ["a"], "an urgent update makes the case urgent"
    assert sums_hold(numbers) == []


def test_a_duplicate_of_yesterdays_mail_is_no_case_of_today() -> None:
    numbers = compute(DAY, documents=[document("old", "duplicate")], steps={})
    assert numbers.totals == Totals(received=1, duplicates=1)
    assert sums_hold(numbers) == []


def test_open_cases_are_named_by_the_step_they_wait_for() -> None:
    steps = merged(
        [
            case_rows("a", fields="ok", category="open", draft="open"),
            case_rows("b", fields="ok", category=None, draft=None),
            case_rows("c", fields="ok", category="ok", draft="open"),
        ]
    )
    documents = [document(c) for c in "abc"]
    named = compute(DAY, documents=documents, steps=steps).missing
    assert named == (
        Missing("categories of 2 cases", "no result yet", "categories"),
        Missing("drafts of 1 case", "no result yet", "drafts"),
    )
    told = Missing("categories of 2 cases", "the provider was still working at 08:00", "categories")
    assert compute(DAY, documents=documents, steps=steps, missing=[told]).missing == (told, named[1])


def test_a_decided_doubt_waits_for_nobody() -> None:
    rows = [doubt("c"), doubt("a", decided_at=datetime(2026, 11, 21, 4, tzinfo=UTC)), doubt("d", "ambiguous")]
    numbers = small_night(review=rows)
    assert [(r.case_id, r.subject) for r in numbers.review] == [("c", "Subject of c"), ("d", "Subject of d")]
    assert numbers.review_reasons == {"ambiguous": 1, "low_confidence": 1}
    assert numbers.decided == 1


def test_reasons_count_cases() -> None:
    """A case doubted for the same reason by two steps is one, and one with two reasons counts for each."""
    rows = [
        doubt("c"),
        doubt("c", step="drafts"),
        doubt("c", "two_fit"),
        doubt("d", step="drafts"),
        doubt("d", detail="another"),
    ]
    numbers = small_night(review=rows)
    assert numbers.review_reasons == {"low_confidence": 2, "two_fit": 1}
    assert numbers.with_many_reasons == 1


def test_spend_is_summed_to_the_last_decimal() -> None:
    lines = [usage(), usage(prompt_version="p-2"), usage("drafts", mode="online", cost_usd=Decimal("0.5"))]
    numbers = small_night(usage=lines)
    first, second = numbers.spend
    assert (first.step, first.requests, first.usd) == ("categories", 200, Decimal("0.246913578024"))
    assert (second.step, second.mode, second.requests) == ("drafts", "online", 100)
    assert numbers.spent.usd == Decimal("0.746913578024")
    assert numbers.usd_per_thousand == Decimal("149.3827156048")
    assert first.valid_share == 0.97


def test_an_unknown_status_is_an_error_and_not_a_state() -> None:
    with pytest.raises(ValueError, match="paused"):
        compute(DAY, documents=[document("a")], steps={"drafts": [step_row("a", "paused")]})


# What is urgent and late


def test_deadlines_reach_over_the_weekend() -> None:
    assert working_days_after(date(2026, 11, 20), 3) == date(2026, 11, 25)
    assert working_days_after(date(2026, 11, 21), 1) == date(2026, 11, 23)


def test_pressing_cases_come_in_the_order_of_their_pressure() -> None:
    deadlines = {
        "past": date(2026, 11, 18),
        "tonight": DAY,
        "wednesday": date(2026, 11, 25),
        "thursday": date(2026, 11, 26),
    }
    documents = [document(c) for c in reversed(deadlines)] + [document("urgent", priority="urgent")]
    fields = [step_row(c, "ok", deadline=d) for c, d in deadlines.items()]
    fields.append(step_row("urgent", "ok", deadline="soon"))
    numbers = compute(DAY, documents=documents, steps={"extracted_fields": fields})
    assert [(p.case_id, p.late, p.urgent) for p in numbers.pressing] == [
        ("past", True, False),
        ("tonight", True, False),
        ("urgent", False, True),
        ("wednesday", False, False),
    ]


def test_a_pressing_case_is_not_called_done_before_its_draft_is_sent() -> None:
    documents = [document(c, priority="urgent") for c in ("reply", "thanks", "doubt")]
    before = [step_row(c, "ok") for c in ("reply", "thanks", "doubt")]
    rows = [step_row("reply", "ok"), step_row("thanks", "not_needed"), step_row("doubt", "review")]
    steps = {"extracted_fields": before, "categories": before, "drafts": rows}
    numbers = compute(DAY, documents=documents, steps=steps)
    assert {p.case_id: p.standing for p in numbers.pressing} == {
        "reply": "drafts_ready",
        "thanks": "not_needed",
        "doubt": "review",
    }


def test_without_earlier_nights_nothing_is_said_to_have_grown() -> None:
    numbers = small_night()
    assert (list(numbers.grew), numbers.nights_compared) == ([], 0)


# The check itself

BREAKS = [
    pytest.param(
        {"received": 8}, "documents is 5, received - duplicates - updates is 6", id="a lost message"
    ),
    pytest.param(
        {"open": 2}, "documents is 5, ok \\+ review \\+ dead \\+ open is 6", id="a case in two states"
    ),
    pytest.param({"drafts_ready": 0}, "ok is 2, drafts_ready \\+ not_needed is 1", id="a lost draft"),
    pytest.param({"dead": 0}, "dead is 0, the sum of its queues is 1", id="queues that say otherwise"),
]


@pytest.mark.parametrize(("change", "says"), BREAKS)
def test_a_sum_that_does_not_hold_is_named(change: dict[str, int], says: str) -> None:
    numbers = small_night()
    broken = sums_hold(replace(numbers, totals=replace(numbers.totals, **change)))
    with pytest.raises(AssertionError, match=f"the night: {says}"):
        assert not broken, "\n".join(broken)


def test_a_category_counted_twice_is_named() -> None:
    numbers = small_night()
    shop = QueueNumbers(numbers.queues["shop"].totals, {"return": 2, "thanks": 1})
    broken = sums_hold(replace(numbers, queues={**numbers.queues, "shop": shop}))
    assert broken == ["queue shop: by_category is 3, documents is 2"]


def test_a_row_without_its_case_is_named() -> None:
    numbers = small_night(documents=[document("a")])
    assert "4 rows of drafts belong to no case of the night" in sums_hold(numbers)


def test_a_message_whose_case_never_began_is_named() -> None:
    broken = sums_hold(compute(DAY, documents=[document("a", "update")], steps={}))
    assert broken[0] == "the night: documents is 1, received - duplicates - updates is 0"


def test_open_cases_that_nobody_names_are_named_by_the_check() -> None:
    broken = sums_hold(replace(small_night(), missing=()))
    assert broken == ["1 cases are open and nothing is named as missing"]


@pytest.mark.parametrize("seed", range(25))
def test_the_sums_of_a_random_night_hold(seed: int) -> None:
    draw = random.Random(seed)
    documents, parts, expected = [], [], Counter[str]()
    for n in range(draw.randrange(300)):
        case = f"c{n}"
        documents.append(document(case, queue=draw.choice(["bank", "shop", "office"])))
        documents += [
            document(case, draw.choice(["update", "duplicate"]), queue=draw.choice(["bank", "spare"]))
            for _ in range(draw.choice([0, 0, 0, 1, 3]))
        ]
        statuses = {
            s: draw.choice([*Status, None]) for s in ("extracted_fields", "categories", "drafts", "extra")
        }
        if draw.random() < 0.6:
            statuses = dict.fromkeys(statuses, Status.OK)
        parts.append(
            {
                s: [step_row(case, v, category=draw.choice(["x", "y", None]))]
                for s, v in statuses.items()
                if v is not None
            }
        )
        given = {"open" if v is None else str(v) for v in statuses.values()}
        expected[next((w for w in ("dead", "open", "review") if w in given), "ok")] += 1
    draw.shuffle(documents)
    steps = {name: [] for name in ("extra",)} | merged(parts)
    numbers = compute(DAY, documents=documents, steps=steps, usage=[usage()])
    assert sums_hold(numbers) == []
    assert Counter({s: getattr(numbers.totals, s) for s in ("ok", "review", "dead", "open")}) == expected
    assert numbers.totals.received == len(documents)
