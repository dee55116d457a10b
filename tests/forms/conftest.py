"""A place for an endpoint, and one endpoint for all tests that change nothing another one minds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.houses.endpoint import Endpoint, Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path)
    yield found
    found.close()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    found = Place(tmp_path_factory.mktemp("forms"))
    yield found.endpoint()
    found.close()


@pytest.fixture(scope="session")
def second(shared: Endpoint) -> Endpoint:
    """Another process of the same house."""
    return shared.place.endpoint()
