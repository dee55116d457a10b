"""One small night in Dagster: what is materialized, what the UI shows of it, and what its checks find."""

import dagster as dg
import pytest
from small_desk import DAY, NIGHTLY, PRIVATE, SmallDesk, checks_of, materialized

from llm_assets.domain.tables import DOCUMENTS


def test_a_night_is_materialized_with_every_check_passed(small: SmallDesk) -> None:
    small.receive()
    result = small.materialize()
    assert result.success
    assert materialized(result) == set(NIGHTLY)
    failed = {key for key, found in checks_of(result).items() if not found.passed}
    assert failed == set()
    totals = small.report()["totals"]
    assert totals["received"] == totals["documents"] == 4
    assert totals["open"] == 0


def test_no_word_of_a_mail_leaves_in_events_or_metadata(small: SmallDesk) -> None:
    small.receive()
    result = small.materialize()
    assert result.success
    said = [repr(record) for record in small.instance.all_logs(result.run_id)]
    assert len(said) > 20
    for word in PRIVATE:
        assert [line for line in said if word in line] == [], word
    stored = {row["subject"] for row in small.rows(DOCUMENTS)}
    assert {"Wobbegong card", "Marzipan refund"} <= stored, (
        "the lake has them, so looking for them could fail"
    )
