"""The evidence: one client's calls and executions, read from the emulator's journal. `judge.py` draws the conclusions."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from llm_assets.domain.errors import ConfigurationError
from llm_assets.emulator.errors import Protocol
from llm_assets.emulator.journal import ONLINE, RAN, Call, Execution, calls, executions

DOWNLOADS = ("batch_results", "file_content")


@dataclass(frozen=True, slots=True)
class Evidence:
    protocol: Protocol
    calls: list[Call]
    batches: dict[str, list[Execution]]
    """Executions by batch id, in the order in which the batches were created."""
    online: list[Execution] = field(default_factory=list)

    @property
    def read(self) -> set[str]:
        """Ids of the batches whose results were downloaded whole."""
        return {call.batch for call in self.calls if _reads(call) and call.whole and call.status == 200}

    @property
    def downloads(self) -> list[Call]:
        return [call for call in self.calls if call.operation in DOWNLOADS]

    @property
    def files_left(self) -> int:
        """Uploaded files that were never deleted."""
        uploaded = sum(call.operation == "upload_file" and call.status == 200 for call in self.calls)
        return max(0, uploaded - len(self._deleted - self._results))

    @property
    def _deleted(self) -> set[str]:
        """Ids of what was deleted: of files, and of batches where they hold the results themselves."""
        done = (call for call in self.calls if call.operation in ("delete_file", "delete_batch"))
        return {call.target for call in done if call.status == 200}

    @property
    def _results(self) -> set[str]:
        """Ids of the result files, or batches, that were read."""
        found = {call.target for call in self.downloads if call.status == 200}
        return found if self.protocol == "openai" else found & set(self.batches)

    @property
    def everything_left(self) -> int:
        """Uploaded files and results that were read, and never deleted."""
        return self.files_left + len(self._results - self._deleted)

    def histories(self) -> dict[str, list[Execution]]:
        """The executions of every request in order; a request that never ran has none."""
        found: dict[str, list[Execution]] = {}
        for one in self._all():
            found.setdefault(one.request, [])
            if one.fate in RAN:
                found[one.request].append(one)
        return found

    def _all(self) -> Iterator[Execution]:
        for batch in self.batches.values():
            yield from batch
        yield from self.online

    def answered(self) -> set[str]:
        """Requests with a usable answer that the client has read."""
        read = self.read
        found = {one.request for one in self.online if one.fate == "usable"}
        for batch_id, batch in self.batches.items():
            if batch_id in read:
                found |= {one.request for one in batch if one.fate == "usable" and one.shown}
        return found

    def paid(self) -> Counter[str]:
        """How many usable and readable answers each request got."""
        return Counter(one.request for one in self._all() if one.fate == "usable" and one.shown)


def gather(home: Path) -> Evidence:
    """Reads the journal of the emulator in this folder.

    Raises ConfigurationError when no client called it, or clients of both protocols.
    """
    folder = home / "journal"
    known = calls(folder)
    protocols = {call.protocol for call in known if call.operation not in ("unknown", "elsewhere")}
    if len(protocols) != 1:
        found = " and ".join(sorted(protocols)) or "nobody"
        raise ConfigurationError(
            f"{found} called the emulator in {home}: judge one client of one protocol, in a folder of its own."
        )
    (protocol,) = protocols
    made = {call.batch: None for call in known if call.operation == "create_batch" and call.batch}
    batches = {batch_id: executions(folder / f"{batch_id}.jsonl") for batch_id in made}
    return Evidence(protocol, known, batches, executions(folder / ONLINE))


def _reads(call: Call) -> bool:
    """Whether a call brought answers: a download, or a look at a batch that holds them itself."""
    return call.operation in DOWNLOADS or (call.operation == "retrieve_batch" and bool(call.batch))
