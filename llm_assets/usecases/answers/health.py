"""Health of the online door: what keeps it from answering now, without asking anything that costs."""

from llm_assets.domain.errors import BlockedError, DeskError
from llm_assets.engine.rounds.ask_now import check_block
from llm_assets.usecases.answers.readers import Readers
from llm_assets.usecases.desk.assembly import Assembly


def failing(assembly: Assembly, readers: Readers) -> list[str]:
    """Of `ledger`, `provider` and `readers` those that do not work; a provider is left out where the ledger cannot tell."""
    found = []
    try:
        assembly.ledger.callers.key("nobody")
        check_block(assembly.engine)
    except BlockedError:
        found.append("provider")
    except DeskError:
        found.append("ledger")
    if not readers.answer():
        found.append("readers")
    return found
