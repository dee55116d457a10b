"""The ledger as one value: its ports together, so that all of them write to the same database."""

from dataclasses import dataclass

from llm_assets.engine.ports.batches import BatchLedger
from llm_assets.engine.ports.blocks import BlockLedger
from llm_assets.engine.ports.locks import Locks
from llm_assets.engine.ports.online import OnlineLedger, ReceiptLedger
from llm_assets.engine.ports.rescue import RescueLedger
from llm_assets.engine.ports.review import ReviewLedger
from llm_assets.engine.ports.spending import SpendingLedger
from llm_assets.engine.ports.work import WorkLedger


@dataclass(frozen=True)
class LedgerPorts:
    """A port for each consumer; whoever needs one takes that one."""

    work: WorkLedger
    batches: BatchLedger
    spending: SpendingLedger
    online: OnlineLedger
    blocks: BlockLedger
    receipts: ReceiptLedger
    review: ReviewLedger
    rescue: RescueLedger
    locks: Locks
