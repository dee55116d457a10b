"""Ports of a ledger, wrapped: for tests that count, break or kill calls."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from llm_assets.engine.ports.ledger import LedgerPorts


def each_port(ports: LedgerPorts, wrapped: Callable[[Any], Any]) -> LedgerPorts:
    """The same ledger with every port wrapped."""
    return LedgerPorts(**{port.name: wrapped(getattr(ports, port.name)) for port in fields(ports)})
