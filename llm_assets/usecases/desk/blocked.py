"""Trouble with the configured provider, as people are told about it: its block, the open circuits of its lanes, and who stands in.

What these do is in `engine/blocking.py`, `engine/traffic.py` and `engine/standing_in.py`. All of it is read from the ledger alone:
it needs no provider and no key.
"""

from collections.abc import Mapping
from datetime import datetime

from llm_assets.domain.errors import DeskError
from llm_assets.domain.traffic.block import Block
from llm_assets.domain.traffic.circuit import Circuit
from llm_assets.domain.traffic.standing_in import trouble
from llm_assets.engine.night.quality import Verdict
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.words.sentence import Sentence


def block_of(assembly: Assembly) -> Block | None:
    """From the ledger alone: needs no provider and no key."""
    return assembly.ledger.blocks.block(assembly.configured_profile.name)


def since_when(assembly: Assembly, block: Block) -> str:
    """The same in every run of an episode, so that a report does not change with each try."""
    return Sentence("blocked since %(at)s: %(why)s", at=_local(assembly, block.since), why=block.sentence)


def open_circuits(assembly: Assembly) -> Mapping[tuple[str, str], Circuit]:
    """(profile, lane) -> the circuit that is open."""
    found = assembly.ledger.online.all_circuits()
    return {key: circuit for key, circuit in found.items() if circuit.since is not None}


def stands_in(assembly: Assembly) -> str | None:
    """The profile that answers now in place of the configured one; None while that answers itself."""
    circuits = open_circuits(assembly).items()
    if not assembly.settings.provider or not (circuits or assembly.ledger.blocks.all_blocks()):
        return None
    profile = assembly.configured_profile
    if profile.fallback is None:
        return None
    own = [circuit for (provider, _), circuit in circuits if provider == profile.name]
    found = trouble(profile.name, block_of(assembly), own)
    lasted = found is not None and found.has_lasted(assembly.clock(), profile.fallback_minutes)
    return profile.fallback if lasted else None


def examine_account(assembly: Assembly) -> str:
    """Raises DeskError with the cure while the provider is blocked."""
    block = block_of(assembly)
    if block is None:
        return f"nothing blocks {assembly.configured_profile.name}"
    again = f"it is tried again by itself, with one request, at {_local(assembly, block.next_try)}"
    raise DeskError(f"{since_when(assembly, block)} Then {again}.")


def judge_block(assembly: Assembly) -> Verdict:
    """Red while the provider is blocked, or does not answer in a lane; the value is the number of tries since."""
    block = block_of(assembly)
    name = assembly.configured_profile.name
    other = stands_in(assembly)
    instead = f" Meanwhile {other} answers." if other is not None else ""
    if block is not None:
        return Verdict(False, block.tries, 0, f"{name} is {since_when(assembly, block)}{instead}")
    silent = {lane: c for (whose, lane), c in open_circuits(assembly).items() if whose == name}
    if not silent:
        return Verdict(True, 0, 0, f"{name} is not blocked")
    lanes = ", ".join(f"{lane} since {_local(assembly, c.since)}" for lane, c in silent.items() if c.since)
    failures = max(c.failures for c in silent.values())
    again = "It is tried again by itself."
    return Verdict(False, failures, 0, f"{name} does not answer: {lanes}. {again}{instead}")


def _local(assembly: Assembly, at: datetime) -> str:
    return f"{at.astimezone(assembly.settings.calendar.zone):%Y-%m-%d %H:%M}"
