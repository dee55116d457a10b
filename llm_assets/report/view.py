"""What of a report is shown, in which language and to whom. Numbers and their wording are the same for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from llm_assets.domain.errors import ConfigurationError
from llm_assets.words.language import Language


class Audience(StrEnum):
    LEAD = "lead"
    """The shift lead: everything, machine details folded away."""
    MANAGEMENT = "management"
    """Figures only: no subject, no address of a case, no machine details."""
    OPERATIONS = "operations"
    """Who runs the platform: everything, machine details open."""


SECTIONS = (
    "figures", "pressing", "disputed", "waiting", "growth", "drafts", "changes", "quality", "queues", "spend", "rescue",
    "details",
)  # fmt: skip
"""In the order of the page. What is missing and sums that do not hold are always shown."""
_NOT_FOR_MANAGEMENT = {"details"}


@dataclass(frozen=True, slots=True)
class View:
    language: Language = "en"
    sections: Sequence[str] = SECTIONS
    audience: Audience = Audience.LEAD
    review_url: str | None = None
    """Where the review app answers; None: the page has no links into it."""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.sections) - set(SECTIONS))
        if unknown:
            raise ConfigurationError(
                f"the report has no section {', '.join(unknown)}; choose from: {', '.join(SECTIONS)}"
            )

    @property
    def shown(self) -> list[str]:
        hidden = _NOT_FOR_MANAGEMENT if self.audience is Audience.MANAGEMENT else set()
        return [name for name in SECTIONS if name in self.sections and name not in hidden]

    @property
    def names_cases(self) -> bool:
        return self.audience is not Audience.MANAGEMENT
