"""Forms that may be posted, as `sources.yaml` declares them."""

import os

from pydantic import BaseModel, ConfigDict, Field

from llm_assets.domain.errors import ConfigurationError
from llm_assets.intake.records.mapping import Columns, DropMapping, DropRule, Needed

SHORTEST_TOKEN = 16


class FormSource(BaseModel):
    """One form that may be posted, and who may."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    """The end of its address, `/forms/<name>`. Never changed afterwards: records are known by it."""
    token_env: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Name of the environment variable that holds the token."""
    mailbox: str = ""
    """Mailbox or queue that its records belong to; empty means the default queue, or what a mapped field names."""
    fields: Columns = Columns()
    """Which field holds what; what is not declared is found by its usual names."""
    required: tuple[Needed, ...] = ("text",)
    max_bytes: int = Field(default=1_000_000, ge=1, le=100_000_000)
    per_minute: int = Field(default=120, ge=1)

    @property
    def token(self) -> str:
        """Raises ConfigurationError when the environment holds none that is worth the name."""
        token = os.environ.get(self.token_env, "").strip()
        if len(token) < SHORTEST_TOKEN:
            raise ConfigurationError(
                f"{self.token_env}, the token of form {self.name}, is not set or shorter than {SHORTEST_TOKEN} "
                "characters; set it to a long random text"
            )
        return token

    def mapping(self, timezone: str) -> DropMapping:
        """Its declared mailbox decides, and its key is its id, so neither is looked for by usual names."""
        declared: dict[str, object] = {"id": ()}
        if self.mailbox:
            declared["mailbox"] = ()
        columns = Columns.model_validate(declared | dict(self.fields.declared()))
        rule = DropRule(
            match=self.name, kind="form", columns=columns, mailbox=self.mailbox, timezone=timezone
        )
        return rule.mapping(timezone).model_copy(update={"required": self.required})
