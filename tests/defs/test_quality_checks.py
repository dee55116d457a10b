"""What the checks do when something is wrong: which of them stop a night, and which only say so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from llm_assets.definitions import build_defs
from llm_assets.domain.desk.tables import DOCUMENTS, MORNING_REPORT
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk
from tests.support.houses.small_desk import (
    AFTER_DEADLINE,
    DAY,
    NIGHT,
    SmallDesk,
    checks_of,
    mail,
    materialized,
)

ONE = {"arrival.eml": mail("zebulon", "Card", "Hello, when will my new card arrive?")}


def test_a_lost_message_fails_the_check_and_the_report_still_names_it(small: SmallDesk) -> None:
    small.receive()
    assert small.materialize().success
    with small.desk.open() as assembly:
        assembly.lake.write(DOCUMENTS, DAY, list(assembly.lake.read(DOCUMENTS, DAY))[1:])
    again = small.materialize(["morning_report"])
    assert again.success
    lost = checks_of(again)[("morning_report", "nothing_lost")]
    assert not lost.passed
    assert lost.severity is dg.AssetCheckSeverity.ERROR
    assert (lost.metadata["value"].value, lost.metadata["limit"].value) == (3.0, 4.0)
    report = small.report()
    assert report["revision"] == 2
    assert [m["what"] for m in report["missing"]] == ["1 message"]


def test_a_message_that_was_registered_but_not_read_fails_the_check_of_documents(small: SmallDesk) -> None:
    small.receive()
    small.materialize(["documents"])
    small.receive({"late.eml": mail("ottoline", "Late", "I cannot log in, the SMS code never comes.")})
    found = _look(small, "documents", "nothing_lost")
    assert not found.passed
    assert found.description == "4 messages where 5 were expected"


def _look(small: SmallDesk, asset: str, check: str) -> dg.AssetCheckEvaluation:
    """The check alone, as a person starts it in the UI."""
    key = dg.AssetCheckKey(dg.AssetKey(asset), check)
    job = dg.define_asset_job("look", dg.AssetSelection.checks(key))
    definitions = dg.Definitions.merge(small.definitions, dg.Definitions(jobs=[job]))
    result = definitions.resolve_job_def("look").execute_in_process(
        tags={"dagster/partition": DAY.isoformat()}, instance=small.instance
    )
    [found] = result.get_asset_check_evaluations()
    return found


@dataclass(frozen=True)
class DamagingDesk(Desk):
    """A desk on a bad disk: the night's documents are damaged as soon as they have been written."""

    damage: Callable[[Path], None] = Path.unlink

    @contextmanager
    def open(self) -> Iterator[Assembly]:
        with super().open() as assembly:
            before = assembly.lake.has(DOCUMENTS, DAY)
            yield assembly
            if not before and assembly.lake.has(DOCUMENTS, DAY):
                self.damage(assembly.home / "lake" / "documents" / f"{DAY}.parquet")


def _without_language(path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE kept AS SELECT * EXCLUDE (language) FROM '{path}'")
        connection.execute(f"COPY kept TO '{path}' (FORMAT parquet)")


def _cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("damage", [_without_language, _cut_in_half, Path.unlink])
def test_a_damaged_file_stops_everything_that_would_read_it(
    small: SmallDesk, damage: Callable[[Path], None]
) -> None:
    small.receive(ONE)
    executed = small.executed()
    desk = DamagingDesk(small.settings, small.steps, small.wait, small.clock, damage=damage)
    job = build_defs(desk=desk).resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        partition_key=DAY.isoformat(),
        asset_selection=[dg.AssetKey("documents"), dg.AssetKey("categories")],
        instance=small.instance,
        raise_on_error=False,
    )
    assert not result.success
    assert materialized(result) == {"documents"}
    assert small.executed() == executed, "nothing was paid for"
    schema = checks_of(result).get(("documents", "schema"))
    if damage is not _cut_in_half:
        assert schema is not None and not schema.passed and schema.blocking


def test_the_deadline_check_is_quiet_before_loud_after_and_satisfied_by_a_report_in_time(
    small: SmallDesk,
) -> None:
    deadline = small.definitions.resolve_job_def("deadline")

    def look() -> dg.AssetCheckEvaluation:
        night = {"dagster/partition": DAY.isoformat()}
        result = deadline.execute_in_process(tags=night, instance=small.instance)
        assert materialized(result) == set(), "the job makes nothing"
        [found] = result.get_asset_check_evaluations()
        return found

    assert look().passed, "before the deadline nothing is late"
    small.clock.now = AFTER_DEADLINE
    missed = look()
    assert not missed.passed
    assert missed.description is not None and missed.description.startswith("no report by 2026-11-21 08:00")
    with small.desk.open() as assembly:
        written = {"revision": 1, "day": DAY.isoformat(), "path": "report.html", "totals": {}}
        late = {**written, "generated_at": (AFTER_DEADLINE + timedelta(hours=1)).isoformat()}
        assembly.lake.write(MORNING_REPORT, DAY, [late])
        assert not look().passed, "a report after the deadline is late"
        early = {**written, "generated_at": NIGHT.isoformat()}
        assembly.lake.write(MORNING_REPORT, DAY, [early, {**late, "revision": 2}])
        assert look().passed
