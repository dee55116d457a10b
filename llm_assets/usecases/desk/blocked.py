"""The block of the configured provider, as people are told about it. What a block does is in `engine/blocking.py`."""

from datetime import datetime

from llm_assets.domain.errors import DeskError
from llm_assets.domain.traffic.block import Block
from llm_assets.engine.night.quality import Verdict
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.words.sentence import Sentence


def block_of(assembly: Assembly) -> Block | None:
    """From the ledger alone: needs no provider and no key."""
    return assembly.ledger.blocks.block(assembly.configured_profile.name)


def since_when(assembly: Assembly, block: Block) -> str:
    """The same in every run of an episode, so that a report does not change with each try."""
    return Sentence("blocked since %(at)s: %(why)s", at=_local(assembly, block.since), why=block.sentence)


def examine_account(assembly: Assembly) -> str:
    """Raises DeskError with the cure while the provider is blocked."""
    block = block_of(assembly)
    if block is None:
        return f"nothing blocks {assembly.configured_profile.name}"
    again = f"it is tried again by itself, with one request, at {_local(assembly, block.next_try)}"
    raise DeskError(f"{since_when(assembly, block)} Then {again}.")


def judge_block(assembly: Assembly) -> Verdict:
    """Red while the provider is blocked; the value is the number of tries since."""
    block = block_of(assembly)
    name = assembly.configured_profile.name
    if block is None:
        return Verdict(True, 0, 0, f"{name} is not blocked")
    return Verdict(False, block.tries, 0, f"{name} is {since_when(assembly, block)}")


def _local(assembly: Assembly, at: datetime) -> str:
    return f"{at.astimezone(assembly.settings.calendar.zone):%Y-%m-%d %H:%M}"
