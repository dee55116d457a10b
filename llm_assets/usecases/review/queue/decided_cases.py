"""What people have decided about a day's cases, kept in memory: only decisions stored since the last look are read."""

from dataclasses import dataclass, field
from datetime import date

from llm_assets.engine.answers.decisions import in_force, newest_numbers
from llm_assets.engine.ports.review import Decision, ReviewLedger

CaseStep = tuple[str, str]


@dataclass
class DecidedCases:
    """One day's decisions by case and step. Its caller keeps other threads out."""

    ledger: ReviewLedger
    day: date
    settled: dict[CaseStep, Decision] = field(default_factory=dict)
    """The newest decision in force about each that has one."""
    numbers: dict[CaseStep, int] = field(default_factory=dict)
    """The number of the newest decision about each, undone ones included."""
    _of: dict[CaseStep, list[Decision]] = field(default_factory=dict)
    _newest: int = 0
    _known: int = 0

    def refresh(self) -> bool:
        """Takes up what was stored since the last look; False when nothing was."""
        found = self.ledger.newer_decisions(self.day, self._newest)
        if not found.decisions and found.held == self._known:
            return False
        if found.held != self._known + len(found.decisions):
            self._forget()
            found = self.ledger.newer_decisions(self.day, 0)
        for decision in found.decisions:
            self._of.setdefault((decision.case_id, decision.step), []).append(decision)
        for key in {(d.case_id, d.step) for d in found.decisions}:
            self._take(key)
        self._newest, self._known = found.newest, self._known + len(found.decisions)
        return True

    def _take(self, key: CaseStep) -> None:
        made = self._of[key]
        self.numbers[key] = newest_numbers(made)[key]
        if held := in_force(made):
            self.settled[key] = held[-1]
        else:
            self.settled.pop(key, None)

    def _forget(self) -> None:
        self.settled.clear()
        self.numbers.clear()
        self._of.clear()
        self._newest = self._known = 0


def newest_number(ledger: ReviewLedger, day: date, case_id: str, step: str) -> int:
    """Of the decisions about a case in a step; 0 before there is one."""
    return newest_numbers(ledger.decisions(day, case_id))[case_id, step]
