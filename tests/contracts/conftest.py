"""Databases for the contract tests, and a server for those of the adapters."""

from collections.abc import Iterator

import pytest

from tests.support.databases import backend, ledger, migrated_file, new_url, postgres, url
from tests.support.nights.told_night import told
from tests.support.providers.provider_kit import KEY
from tests.support.providers.provider_server import Canned, canned_server

__all__ = ["backend", "ledger", "migrated_file", "new_url", "postgres", "told", "url"]


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_LLM_KEY", KEY)


@pytest.fixture(scope="session")
def _canned() -> Iterator[Canned]:
    with canned_server() as server:
        yield server


@pytest.fixture
def server(_canned: Canned) -> Canned:
    """Answers what this test tells it to."""
    _canned.forget()
    return _canned
