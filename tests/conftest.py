"""What holds for every test."""

import os
from collections.abc import Iterator

import pytest

from tests.support.repository import ROOT
from tests.support.unsynced import unsynced

os.environ["PYTHONPATH"] = str(ROOT)  # programs of tests run as `python -m tests.support…` in any folder


@pytest.fixture(scope="session", autouse=True)
def _unsynced() -> Iterator[None]:
    with unsynced():
        yield
