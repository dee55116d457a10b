"""What people decided is fitted to the stated confidence, and may choose below which confidence a night asks them."""

from datetime import timedelta

import pytest

from llm_assets.domain.desk.tables import AGREEMENT
from llm_assets.steps.categories.step import CATEGORIES
from llm_assets.usecases.agreement.calibration import NEEDED, QueueCalibration, calibration, fix_thresholds
from llm_assets.usecases.agreement.judged import write_agreement
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.night.process_steps import StepRound
from tests.usecases.agreement.conftest import BEFORE, DAY, VERSION, Nights, answer, judged_night


def of_bank(assembly: Assembly) -> QueueCalibration:
    [found] = calibration(assembly, DAY).queues
    return found


def test_nothing_is_said_before_there_are_enough_decisions(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0, precision=0.9)
    nights.write(DAY, [answer(f"c{n}", 0.9) for n in range(NEEDED)])
    for n in range(NEEDED - 1):
        nights.decide(DAY, f"c{n}")
    found = of_bank(assembly)
    assert (found.decided, found.sampled, found.thresholds, found.chosen) == (
        NEEDED - 1,
        NEEDED - 1,
        [],
        None,
    )
    nights.decide(DAY, f"c{NEEDED - 1}")
    assert of_bank(assembly).thresholds != []


def test_precision_and_queue_length_are_shown_by_threshold(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0)
    judged_night(nights, DAY)
    found = of_bank(assembly)
    assert (found.decided, found.agreed, found.sampled, found.sampled_agreed) == (60, 45, 40, 35)
    assert (found.answers, found.doubted, found.nights, found.prompt_version) == (60, 10, 1, VERSION)
    assert [(b.low, b.share) for b in found.blocks] == [(0.6, 0.5), (0.8, 0.75), (0.95, 1.0)]
    shown = {t.review_below: (t.precision, t.to_people, t.decided) for t in found.thresholds}
    assert shown[0.5] == (pytest.approx(0.75), 0, 60)
    assert shown[0.7] == (pytest.approx(0.875), 20, 40)
    assert shown[0.9] == (1.0, 40, 20)
    assert [(c.category, c.decided, c.agreed) for c in found.categories] == [("card", 70, 45)]


def test_a_confidence_finer_than_a_hundredth_is_fitted_where_it_is_looked_up(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0, precision=0.9)
    unsure = [answer(f"u{n}", 0.615, "low_confidence") for n in range(30)]
    nights.write(DAY, [*unsure, *(answer(f"c{n}", 0.985) for n in range(30))])
    for n in range(30):
        nights.decide(DAY, f"u{n}", "fee" if n % 2 else None)
        nights.decide(DAY, f"c{n}")
    found = of_bank(assembly)
    assert {t.review_below: t.precision for t in found.thresholds}[0.7] == 1.0
    assert found.chosen is not None and found.chosen.review_below == 0.62


def test_the_report_gets_the_figures_a_night_of_queues_that_people_decided_about(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0)
    nights.write(BEFORE, [answer("x", 0.65)])
    assert calibration(assembly, DAY).figures == {"queues": []}
    judged_night(nights, DAY)
    [bank] = calibration(assembly, DAY).figures["queues"]
    assert {k: v for k, v in bank.items() if k != "thresholds"} == {
        "queue": "bank", "decided": 60, "agreed": 45, "sampled": 40, "sampled_agreed": 35,
        "review_below": 0.7, "review_precision": None,
    }  # fmt: skip
    assert {"review_below": 0.7, "precision": 0.875, "to_people": 10, "decided": 40} in bank["thresholds"]


@pytest.mark.parametrize("merged", ["false", "true"])
def test_a_decision_about_an_answer_to_another_prompt_is_not_fitted(nights: Nights, merged: str) -> None:
    assembly = nights.configured(sample=1.0, merged=merged)
    nights.write(DAY, [answer("a", 0.9, prompt_version="older"), answer("b", 0.9)])
    for case in "ab":
        nights.decide(DAY, case)
    assert of_bank(assembly).decided == 1


def test_a_night_asks_people_below_the_confidence_that_the_wanted_precision_needs(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0, precision=0.9)
    assert assembly.queues.default.review_below == 0.7
    judged_night(nights, BEFORE)
    StepRound(assembly, DAY, [CATEGORIES]).write(CATEGORIES)
    assert assembly.ledger.calibration.fixed(DAY) == {"bank": 0.81}
    assert assembly.night(DAY).queues.default.review_below == 0.81
    assert assembly.night(BEFORE).queues.default.review_below == 0.7
    [found] = calibration(assembly, DAY).queues
    assert (found.review_below, found.is_reached) == (0.81, True)


def test_a_rerun_of_a_night_keeps_its_threshold_though_people_have_decided_since(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0, precision=0.9)
    judged_night(nights, BEFORE)
    fix_thresholds(assembly, DAY)
    for n in range(20):
        nights.decide(BEFORE, f"{BEFORE}-c{n}", "fee", minute=n + 1)
    fix_thresholds(assembly, DAY)
    assert assembly.ledger.calibration.fixed(DAY) == {"bank": 0.81}
    fix_thresholds(assembly, DAY + timedelta(days=1))
    assert assembly.ledger.calibration.fixed(DAY + timedelta(days=1)) != {"bank": 0.81}


def test_decisions_about_a_night_do_not_choose_its_own_threshold(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0, precision=0.9)
    judged_night(nights, DAY)
    fix_thresholds(assembly, DAY)
    assert assembly.ledger.calibration.fixed(DAY) == {"bank": None}
    assert assembly.ledger.calibration.thresholds(DAY) == {}, "review_below holds"


def test_a_closed_night_stays_as_it_was_judged(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0, precision=0.9)
    judged_night(nights, BEFORE)
    nights.now += timedelta(days=2)
    fix_thresholds(assembly, DAY)
    assert assembly.ledger.calibration.fixed(DAY) == {}


def test_what_cannot_be_reached_is_named_and_the_best_is_taken(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0, precision=0.99)
    judged_night(nights, DAY)
    for n in range(2):
        nights.decide(DAY, f"{DAY}-c{n}", "fee", minute=1)
    found = of_bank(assembly)
    assert found.chosen is not None and found.chosen.precision == pytest.approx(0.9)
    assert (found.chosen.review_below, found.is_reached) == (0.81, False)


def test_agreement_is_a_table_once_people_have_decided(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0)
    judged_night(nights, DAY)
    write_agreement(assembly, BEFORE, [])
    assert not assembly.lake.has(AGREEMENT, BEFORE)
    write_agreement(assembly, DAY, assembly.ledger.review.decisions(DAY))
    [row] = assembly.lake.query("SELECT * FROM agreement")
    assert row == {
        "day": DAY, "queue": "bank", "category": "card", "prompt_version": VERSION,
        "decided": 70, "agreed": 45, "sampled": 40, "sampled_agreed": 35,
    }  # fmt: skip
