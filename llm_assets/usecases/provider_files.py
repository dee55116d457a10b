"""Files and results that batches which are over have left at the provider: counted by `doctor`, removed when asked for."""

from typing import NamedTuple

from llm_assets.engine.batches.leftovers import Cleaned, clean, stored_of_ours, with_leftovers
from llm_assets.usecases.desk.assembly import Assembly


class LeftBehind(NamedTuple):
    """What batches that are over have left at the configured provider."""

    batches: int
    """Batches that left anything: an input file, or results."""
    files: int
    """Input files in the provider's list that are named after one of them."""
    removes: bool
    """Whether the profile removes them by itself."""

    def sentence(self) -> str:
        of = "1 batch that is over has" if self.batches == 1 else f"{self.batches} batches that are over have"
        return f"{of} left input files or results (input files in the list: {self.files})"


def left_behind(assembly: Assembly) -> LeftBehind:
    """Counts them; asks the provider for its list of files."""
    stored = stored_of_ours(assembly.engine)
    known = {batch.batch_id for batch in with_leftovers(assembly.engine)}
    left = known | {batch.batch_id for batch, _ in stored}
    return LeftBehind(len(left), len(stored), assembly.configured_profile.files.remove)


def remove_left_behind(assembly: Assembly) -> Cleaned:
    """Removes them, whatever the profile says. Only what is named after a batch of our ledger is touched."""
    return clean(assembly.engine)
