"""The content of `sources.yaml`: where the mail of this desk comes from. One section for each kind of source.

No secret belongs in it: a password or token is named by its environment variable.
"""

import re
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from llm_assets.domain.desk.queue import Queues
from llm_assets.domain.errors import ConfigurationError
from llm_assets.intake.records.mapping import DropRule
from resources.settings.environment import Settings, load_yaml
from resources.settings.forms import FormSource

Security = Literal["tls", "starttls", "none"]
_SERVER = re.compile(r"[\w.-]+|\[?[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\]?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PORTS: dict[Security, int] = {"tls": 993, "starttls": 143, "none": 143}


def _one_line(text: str) -> str:
    if not text or _CONTROL.search(text):
        raise ValueError("has to be a text of one line")
    return text


Line = Annotated[str, AfterValidator(_one_line)]


def _server(text: str) -> str:
    """Not a URL: a user or password in it would be printed as a part of the address."""
    if not _SERVER.fullmatch(_one_line(text)):
        raise ValueError(
            "has to be the name or IP address of a server, without a scheme, user, password or port; these have keys of "
            "their own, and the password a variable that password_env names"
        )
    return text


Host = Annotated[str, AfterValidator(_server)]


class ImapAccount(BaseModel):
    """One mailbox on a mail server. It is read and never changed, but for drafts that `drafts push` adds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    """Never changed afterwards: messages are known by it."""
    host: Host
    security: Security = "tls"
    port: int | None = Field(default=None, ge=1, le=65535)
    user: Line
    password_env: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Name of the environment variable that holds the password."""
    folders: tuple[Line, ...] = Field(default=("INBOX",), min_length=1)
    """Names, or patterns with `*` (everything below) and `%` (one level)."""
    since: date | None = None
    """First business day whose mail is taken in; none means the first day that has a partition."""
    ca_file: Path | None = None
    """Certificate authority of the server, when it is not one that the machine trusts; relative to `sources.yaml`."""
    largest_mb: int = Field(default=100, ge=1)
    """A larger mail goes to a person unread."""
    drafts: Line | None = None
    """Folder that `drafts push` puts drafts into; none means the one that the server marks as Drafts."""

    @model_validator(mode="after")
    def _secrets_stay_secret(self) -> Self:
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError(
                "security: none sends the password in the clear and is for loopback only; use tls"
            )
        return self

    @property
    def source(self) -> str:
        """What its messages are registered under."""
        return f"imap:{self.name}"

    @property
    def address(self) -> str:
        return f"{self.host}:{self.server_port}"

    @property
    def server_port(self) -> int:
        return self.port if self.port is not None else _PORTS[self.security]


class Sources(BaseModel):
    """The sources beside the inbox folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    imap: tuple[ImapAccount, ...] = ()
    drops: tuple[DropRule, ...] = ()
    """How files of CRM records and forms are read; the first rule that fits a file decides."""
    forms: tuple[FormSource, ...] = ()
    """Forms that may be posted to the endpoint of `llm-assets forms`."""

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        named = {"imap": [a.name for a in self.imap], "forms": [f.name for f in self.forms]}
        for section, names in named.items():
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{section}: the name {twice[0]} is used twice")
        return self


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def load_sources(settings: Settings) -> Sources:
    """Raises ConfigurationError that names the file and the first wrong place."""
    path = settings.file("sources.yaml")
    sources = load_yaml(path, Sources)
    return sources.model_copy(update={"imap": tuple(_placed(a, path.parent) for a in sources.imap)})


def check_mailboxes(path: Path, sources: Sources, queues: Queues) -> None:
    """Raises ConfigurationError for a rule or form whose records would go to a mailbox or queue that is not there."""
    known = {name.lower() for q in queues.queues for name in (q.name, *q.was, *q.mailboxes)}
    named = [("drops", rule.match, rule.mailbox) for rule in sources.drops]
    named += [("forms", form.name, form.mailbox) for form in sources.forms]
    for section, name, mailbox in named:
        if mailbox and mailbox.lower() not in known:
            raise ConfigurationError(
                f"{path}: {section}: {name} names {mailbox}, which is no mailbox or queue of queues.yaml; use one of it"
            )


def _placed(account: ImapAccount, folder: Path) -> ImapAccount:
    if account.ca_file is None:
        return account
    return account.model_copy(update={"ca_file": folder / account.ca_file})
