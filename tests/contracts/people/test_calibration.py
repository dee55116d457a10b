"""Thresholds of nights and drawn cases in both databases: what was written first stays."""

from resources.ledger import SqlLedger
from resources.ledger.deletion.deleting import CaseOf, Going
from tests.support.nights.ledger_night import DAY, NEXT_DAY


def test_a_nights_thresholds_stay_as_they_were_fixed(ledger: SqlLedger) -> None:
    assert ledger.calibration.fixed(DAY) == {}
    ledger.calibration.fix(DAY, {"bank": 0.82, "shop": None})
    ledger.calibration.fix(DAY, {"bank": 0.5, "shop": 0.5, "post": 0.6})
    ledger.calibration.fix(DAY, {})
    assert ledger.calibration.fixed(DAY) == {"bank": 0.82, "shop": None, "post": 0.6}
    assert ledger.calibration.thresholds(DAY) == {"bank": 0.82, "post": 0.6}
    assert ledger.calibration.thresholds(NEXT_DAY) == {}


def test_a_case_is_drawn_once_and_forgotten_with_its_record(ledger: SqlLedger) -> None:
    for by in ("amina", "bek"):
        ledger.calibration.draw([(DAY, "a"), (DAY, "b"), (NEXT_DAY, "a")], by)
    ledger.calibration.draw([], "amina")
    assert ledger.calibration.drawn(DAY) == {"a", "b"}
    ledger.deletions.begin(Going("r-a", [], [CaseOf(DAY, "a")], []), "amina", "asked for")
    assert (ledger.calibration.drawn(DAY), ledger.calibration.drawn(NEXT_DAY)) == ({"b"}, {"a"})
