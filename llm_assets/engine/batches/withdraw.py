"""Withdraw: a batch that the provider took and then refused for the account, as a whole or in its lines.

The block is written first and the requests are released after it, so that a death between the two sends nothing: the
batch is found as it is and withdrawn again.
"""

from llm_assets.domain.requests.batch import Batch, BatchState, BatchView
from llm_assets.domain.requests.outcome import Answer
from llm_assets.domain.traffic.block import Proof
from llm_assets.engine import blocking
from llm_assets.engine.batches.exits import lose
from llm_assets.engine.batches.reconcile import disown
from llm_assets.engine.engine import Engine


def withdraw(engine: Engine, batch: Batch, view: BatchView) -> BatchState:
    """Nothing of a batch in SUBMITTED ran, for a reason of the account: its requests are due again under the same
    attempt. Returns where that led."""
    err = blocking.account_error(engine, view.kind, f"refused batch {batch.batch_id}", view.detail)
    blocking.block(engine, err, Proof.ANSWERED)
    if batch.provisional:
        disown(engine, batch, f"the adopted batch is {view.status} and never proved ours")
        return BatchState.CREATING
    lose(engine, batch, str(err)[:500])
    return BatchState.LOST


def withhold(engine: Engine, batch: Batch, refused: Answer, how_many: int) -> None:
    """So many lines of a batch in ENDED say only that the account is in trouble: they are not settled, and their requests are due
    again under the same attempt. The others have been settled before."""
    what = f"{how_many} of {batch.requests} requests of batch {batch.batch_id}"
    err = blocking.refused_for_account(engine, refused, what)
    blocking.block(engine, err, Proof.ANSWERED)
    lose(engine, batch, str(err)[:500])
