"""Reconcile: adopt or close what a crash left between us and the provider."""

from collections.abc import Sequence
from typing import NamedTuple

from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.engine.rounds.nudge import nudge
from llm_assets.usecases.desk.assembly import Assembly


class Reconciled(NamedTuple):
    """A batch that was open, before and after."""

    before: Batch
    after: Batch

    @property
    def is_unclear(self) -> bool:
        """Whether it is still unknown if the provider has the batch."""
        return self.after.state is BatchState.CREATING


def reconcile(assembly: Assembly) -> Sequence[Reconciled]:
    """Moves every open batch as far as it goes without collecting. One entry for each, oldest first."""
    before = assembly.ledger.batches.open_batches()
    nudge(assembly.engine, None, None)
    return [Reconciled(batch, assembly.ledger.batches.batch(batch.batch_id)) for batch in before]
