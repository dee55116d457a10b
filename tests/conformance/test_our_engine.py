"""Our engine with its real adapters passes every case of the conformance suite, at both providers."""

import shutil
from pathlib import Path

import pytest
from conftest import Opens
from our_client import Forked, live, place_of
from real_night import Protocol

from llm_assets.emulator.conformance.case import Case, cases
from llm_assets.emulator.conformance.evidence import gather
from llm_assets.emulator.conformance.harness import conduct
from llm_assets.emulator.conformance.judge import judge
from resources.ledger import SqlLedger

RUNS = [
    pytest.param(case, protocol, id=f"{case.name}-{protocol}")
    for case in cases().values()
    for protocol in case.protocols
]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrated")
    ledger = SqlLedger(f"sqlite:///{folder}/ledger.db", folder)
    ledger.migrate()
    ledger.close()
    return folder / "ledger.db"


@pytest.mark.parametrize(("case", "protocol"), RUNS)
def test_our_engine_conforms(
    case: Case, protocol: Protocol, opened: Opens, migrated: Path, tmp_path: Path
) -> None:
    running = opened(case)
    shutil.copyfile(migrated, tmp_path / "ledger.db")
    place = place_of(protocol, running, tmp_path, case.requests)
    ran = conduct(
        case,
        tmp_path / "emulator",
        lambda: Forked(lambda: live(place, running, case.requests)),
        timeout=30,
    )
    verdict = judge(case, gather(tmp_path / "emulator"), ran)
    assert verdict.failed == []
