"""People: who may sign in, what their role allows, and which queues they see. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from llm_assets.domain.errors import ConfigurationError

PASSWORD_CHARACTERS = 12
"""NIST SP 800-63B-4 asks for at least 15 where the password stands alone and 8 with a second factor; ours stands behind a
rate limit on a house's own network."""
SESSION_LASTS = timedelta(hours=12)
"""A shift; after it a person signs in again."""


class PersonRole(StrEnum):
    VIEWER = "viewer"
    """Sees lists and reports, no personal data."""
    REVIEWER = "reviewer"
    """Sees cases and decides them."""
    LEAD = "lead"
    """The same, and releases drafts, manages texts and sees all figures."""


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    role: PersonRole
    queues: Collection[str] = ()
    """Those that this person sees; empty for all."""

    @property
    def sees_cases(self) -> bool:
        return self.role is not PersonRole.VIEWER

    @property
    def decides(self) -> bool:
        return self.role is not PersonRole.VIEWER

    @property
    def releases(self) -> bool:
        return self.role is PersonRole.LEAD

    @property
    def words(self) -> bool:
        """Whether this person changes and approves texts of the report."""
        return self.role is PersonRole.LEAD

    def sees(self, queue: str) -> bool:
        return not self.queues or queue in self.queues


def check_password(password: str, name: str) -> None:
    """Raises ConfigurationError for a password that is too short or the person's own name."""
    if len(password) < PASSWORD_CHARACTERS:
        raise ConfigurationError(
            f"the password has fewer than {PASSWORD_CHARACTERS} characters: choose a longer one"
        )
    if name.casefold() in password.casefold():
        raise ConfigurationError("the password holds the name: choose another one")
