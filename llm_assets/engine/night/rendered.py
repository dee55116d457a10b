"""One case's request as it leaves the house: rendered after masking. Reads nothing and stores nothing."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from llm_assets.domain.desk.step import Step, StepInput
from llm_assets.domain.mail.document import Case
from llm_assets.domain.profile import Profile
from llm_assets.domain.requests.request import Request


class Masked(Protocol):
    """A case's text without personal data, and what each mask stands for. Every mask begins with `[`."""

    @property
    def text(self) -> str: ...

    @property
    def originals(self) -> Mapping[str, str]: ...

    def hide(self, text: str) -> str:
        """The same masks in another text about the case, e.g. a field extracted from it."""


class Mask(Protocol):
    """Masks a case and the text `after` it; `bare_names` says whether people count who are named without a word beside
    them."""

    def __call__(self, case: Case, *, bare_names: bool, after: str = "") -> Masked: ...


class Rendered(NamedTuple):
    request: Request
    masked: Masked | None
    """How its text was masked; None for a queue that masks nothing, whose scans may go along."""


def rendered(step: Step, given: StepInput, profile: Profile, mask: Mask) -> Rendered:
    """The step's request for one case."""
    if not given.queue.mask:
        return Rendered(step.request(given, profile), None)
    masked = mask(given.case, bare_names=given.queue.mask_bare_names, after=given.rendered_remarks)
    return Rendered(step.request(given, profile, masked.text, masked.hide), masked)
