"""Raw files of open days compared with the register: which are missing or damaged, as far as a few seconds go.

Reading what a lost file held belongs to the night, which names its record in the report.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.errors import RawFileError
from llm_assets.engine.ports.progress import OnProgress
from llm_assets.usecases.desk.assembly import Assembly

SECONDS = 20.0
STAGE = "raw files"
NAMED = 5
"""Lost files that are named."""


@dataclass
class Checked:
    """What was found. The newest day is looked at first."""

    files: int = 0
    looked_at: int = 0
    """Of the files; fewer than all when time was up."""
    lost: list[str] = field(default_factory=list)
    """Each with its day and what is wrong."""

    def sentence(self) -> str:
        left = self.files - self.looked_at
        part = f", {left} more were not looked at for want of time" if left else ""
        if not self.lost:
            return f"{self.looked_at} {_files(self.looked_at)} of open days are whole{part}"
        named = "; ".join(self.lost[:NAMED])
        more = f"; and {len(self.lost) - NAMED} more" if len(self.lost) > NAMED else ""
        cure = "restore the folder raw from a backup, or delete these records by the names above"
        return f"{len(self.lost)} of {self.looked_at} {_files(self.looked_at)} of open days are lost{part}: {named}{more}; {cure}"


def check_raw_files(
    assembly: Assembly,
    on_progress: OnProgress,
    *,
    seconds: float = SECONDS,
    now: Callable[[], float] = time.monotonic,
) -> Checked:
    """Compares the bytes of each raw file with its name. A day is open until its deadline, while a batch of it is, and
    while messages of it are not read."""
    ends = now() + seconds
    found = Checked()
    wanted: dict[str, date] = {}
    for day in _open_days(assembly):
        for row in assembly.ledger.register.received(day):
            wanted.setdefault(row.raw_sha256, day)
    found.files = len(wanted)
    for sha256, day in wanted.items():
        if now() > ends:
            break
        try:
            assembly.raw.check(sha256)
        except RawFileError as err:
            found.lost.append(f"{sha256} ({day}, {err.flag.removeprefix('raw_')})")
        found.looked_at += 1
        on_progress(STAGE, found.looked_at, found.files)
    return found


def _files(number: int) -> str:
    return "file" if number == 1 else "files"


def _open_days(assembly: Assembly) -> Iterator[date]:
    calendar, moment = assembly.settings.calendar, assembly.clock()
    _, days = assembly.ledger.register.grown_since(0)
    waiting = {batch.day for batch in assembly.ledger.batches.open_batches()}
    for day in sorted(days, reverse=True):
        if moment < calendar.deadline_of(day) or day in waiting or _has_unread(assembly, day):
            yield day


def _has_unread(assembly: Assembly, day: date) -> bool:
    read = sum(1 for _ in assembly.lake.read(DOCUMENTS, day, ["day"]))
    return read < len(assembly.ledger.register.received(day))
