"""Cases that the report names as disputed between people. Pure."""

from collections.abc import Iterator, Sequence

from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.answers.contested import contested, sent_back
from llm_assets.engine.ports.review import Decision
from llm_assets.report.disputed import CONTESTED, ReviewCase
from llm_assets.report.numbers import NightCases

SENT_BACK = "sent_back"


def contested_cases(night: NightCases, decisions: Sequence[Decision]) -> Iterator[ReviewCase]:
    """Those that two people decided differently, and those whose answer was sent back and that have no good one since."""
    differ, back = contested(decisions), sent_back(decisions)
    for case in night.cases:
        for step, status in case.statuses.items():
            key = case.case_id, step
            waits = key in back and status in (Status.OPEN, Status.REVIEW, Status.DEAD)
            if key in differ or waits:
                reason = CONTESTED if key in differ else SENT_BACK
                yield ReviewCase(case.case_id, case.record_id, case.queue, step, reason, "", case.subject)
