"""Our engine with its real adapters passes the cases of the conformance suite, at every provider."""

import json
import shutil
from pathlib import Path
from urllib.request import urlopen

import pytest

from llm_assets.emulator import RunningEmulator
from llm_assets.emulator.conformance.case import Case, case, cases
from llm_assets.emulator.conformance.evidence import gather
from llm_assets.emulator.conformance.harness import conduct
from llm_assets.emulator.conformance.judge import judge
from resources.ledger import SqlLedger
from resources.providers.gemini import wire as gemini_wire
from tests.support.nights.real_night import Protocol, load_sdks
from tests.support.providers.our_client import Forked, live, place_of
from tests.support.providers.served_case import Opens, served

RUNS = [
    pytest.param(one, protocol, id=f"{one.name}-{protocol}")
    for one in cases().values()
    for protocol in one.protocols
]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger, copied for each run."""
    folder = tmp_path_factory.mktemp("migrated")
    ledger = SqlLedger(f"sqlite:///{folder}/ledger.db", folder)
    ledger.migrate()
    ledger.close()
    return folder / "ledger.db"


@pytest.fixture(scope="module", autouse=True)
def warm(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Runs a first night, so that every forked client inherits what it loads and compiles: half of a client's time."""
    load_sdks()
    for protocol in case("clean").protocols:
        home = tmp_path_factory.mktemp(protocol)
        shutil.copyfile(migrated, home / "ledger.db")
        emulator = served(home / "emulator", case("clean").scenario)
        live(place_of(protocol, emulator.running, home, 2), emulator.running, 2)
        emulator.end()


@pytest.mark.parametrize("case_", cases().values(), ids=lambda one: one.name)
def test_a_case_has_its_faults_for_each_protocol_it_judges(case_: Case) -> None:
    """Else a client would pass what never happens to it."""
    scenario = case_.scenario
    for rules in (scenario.calls, scenario.batches, scenario.requests):
        met = {rule.when.protocol for rule in rules}
        assert not met or None in met or met >= set(case_.protocols)


@pytest.mark.sampled(every=4)
@pytest.mark.slow
@pytest.mark.parametrize(("case_", "protocol"), RUNS)
def test_our_engine_conforms(
    case_: Case, protocol: Protocol, opened: Opens, migrated: Path, tmp_path: Path
) -> None:
    running = opened(case_)
    shutil.copyfile(migrated, tmp_path / "ledger.db")
    place = place_of(protocol, running, tmp_path, case_.requests)
    emulator = tmp_path / "emulator"
    ran = conduct(case_, emulator, lambda: Forked(lambda: live(place, running, case_.requests)), timeout=60)
    assert struck(running) or case_.name == "clean" or case_.scenario.requests
    assert judge(case_, gather(emulator), ran).failed == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "clean",
        "killed-after-upload",
        "upload-answer-lost",
        "upload-rate-limited",
        "upload-refused",
        "reads-fail",
        "results-truncated",
        "download-rate-limited",
        "killed-while-downloading",
    ],
)
def test_our_engine_conforms_at_gemini_with_files(
    name: str, opened: Opens, migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the requests do not fit into the create, they are uploaded, and their answers downloaded."""
    monkeypatch.setattr(gemini_wire, "INLINE_BYTES", 0)
    test_our_engine_conforms(case(name), "gemini", opened, migrated, tmp_path)


def struck(running: RunningEmulator) -> bool:
    """Whether the case's fault has happened: a case without a fault would prove nothing."""
    with urlopen(f"{running.url}/_emulator/stats", timeout=10) as answer:
        return bool(json.loads(answer.read())["faults"])
