"""A desk per test: a migrated SQLite ledger, a spool, a fake provider, a clock."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from llm_assets.domain.profile import Profile
from llm_assets.emulator.process.launch import RunningEmulator, start
from resources.ledger import SqlLedger
from tests.support.databases import postgres
from tests.support.nights.engine_night import PROFILE, Desk
from tests.support.nights.real_night import LATENCY, Place, Protocol, load_sdks, new_night, profile_of
from tests.support.nights.stage import REQUESTS, Stage
from tests.support.providers.fake_provider import FakeProvider, Ticking

__all__ = ["postgres"]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger with its schema, copied for each test: migrating takes longer than most of them."""
    folder = tmp_path_factory.mktemp("migrated")
    ledger = SqlLedger(f"sqlite:///{folder}/ledger.db", folder)
    ledger.migrate()
    ledger.close()
    return folder / "ledger.db"


@pytest.fixture
def open_desk(migrated: Path, tmp_path: Path) -> Callable[..., Desk]:
    """Opens a desk of its own under a name."""

    def opened(name: str = "desk", profile: Profile = PROFILE) -> Desk:
        home = tmp_path / name
        home.mkdir()
        shutil.copy(migrated, home / "ledger.db")
        clock = Ticking()
        return Desk(home, f"sqlite:///{home}/ledger.db", clock, FakeProvider(profile, clock))

    return opened


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """For processes that live in real time: each test works a night of its own in it."""
    load_sdks()
    home = tmp_path_factory.mktemp("emulator")
    running = start(home, latency=LATENCY, exit_with_parent=os.getpid())
    yield running
    running.stop()


@pytest.fixture(scope="session")
def instant_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """Batches have ended when first looked at, unless a scenario says otherwise."""
    running = start(tmp_path_factory.mktemp("emulator"), latency=0.0, exit_with_parent=os.getpid())
    yield running
    running.stop()


@pytest.fixture
def stage(
    instant_emulator: RunningEmulator,
    protocol: Protocol,
    database: str,
    migrated: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Stage]:
    """A night at this protocol with its ledger in this database, both named by the test's parameters."""
    shutil.copy(migrated, tmp_path / "ledger.db")
    url = f"sqlite:///{tmp_path}/ledger.db"
    if database == "postgres":
        url = str(request.getfixturevalue("postgres").cleared())
    profile = profile_of(protocol, instant_emulator, batch_requests=REQUESTS)
    staged = Stage(instant_emulator, Place(profile, tmp_path, url), new_night())
    staged.advance(3600)  # what other tests left in the workspace is out of sight
    yield staged
    staged.scenario("{}")
    staged.ledger.close()
