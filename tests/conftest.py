"""What holds for every test."""

from collections.abc import Iterator

import pytest

from tests.unsynced import unsynced


@pytest.fixture(scope="session", autouse=True)
def _unsynced() -> Iterator[None]:
    with unsynced():
        yield
