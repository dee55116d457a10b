"""The content of `notifications.yaml`: who is told of a night's news, by mail or by a signed webhook.

No secret belongs in it: a password or signing secret is named by its environment variable.
"""

import binascii
import os
import re
from base64 import b64decode
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.notice import NoticeKind
from resources.settings.environment import Settings, load_yaml
from resources.settings.sources import Host, Line, Security, is_loopback

_PORTS: dict[Security, int] = {"tls": 465, "starttls": 587, "none": 25}
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
)
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
SECRET_BYTES = range(24, 65)
"""Of a signing secret. Source: Standard Webhooks, symmetric signatures."""


def _mail_address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError("has to be a mail address such as lead@company.example")
    return text


def _target(text: str) -> str:
    """Its path may be a secret, so nothing here repeats it."""
    try:
        parts = urlsplit(text)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable or not text.isascii() or any(c <= " " or c == "\x7f" for c in text):
        raise ValueError("has to be an address such as https://host/path")
    if parts.username is not None or parts.fragment:
        raise ValueError("has to be without user, password and fragment; the secret is named by secret_env")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ValueError("has to begin with https://; http:// is for loopback only")
    return text


MailAddress = Annotated[str, AfterValidator(_mail_address)]
Target = Annotated[str, AfterValidator(_target)]
EVERYTHING = tuple(NoticeKind)


class MailPlace(BaseModel):
    """People who are told by mail."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=_NAME)
    """What was told is remembered under it; under another name it is told again."""
    to: tuple[MailAddress, ...] = Field(min_length=1)
    sender: MailAddress
    host: Host
    security: Security = "tls"
    port: int | None = Field(default=None, ge=1, le=65535)
    user: Line | None = None
    """None: the server takes mail without a login."""
    password_env: str | None = Field(default=None, pattern=_VARIABLE)
    """Name of the environment variable that holds the password."""
    ca_file: Path | None = None
    """Certificate authority of the server, when it is not one that the machine trusts."""
    events: tuple[NoticeKind, ...] = EVERYTHING

    @model_validator(mode="after")
    def _login_is_whole_and_secret(self) -> Self:
        if (self.user is None) != (self.password_env is None):
            raise ValueError("user and password_env belong together")
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError("security: none is for loopback only; use tls or starttls")
        return self

    @property
    def address(self) -> str:
        return f"{self.host}:{self.server_port}"

    @property
    def server_port(self) -> int:
        return self.port if self.port is not None else _PORTS[self.security]

    @property
    def password(self) -> str:
        """Raises ConfigurationError when the environment holds none."""
        assert self.password_env is not None
        return _from_environment(self.password_env, f"the password of {self.name}")


class WebhookPlace(BaseModel):
    """A program that is told by a signed request."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=_NAME)
    url: Target
    secret_env: str = Field(pattern=_VARIABLE)
    """Name of the environment variable that holds the signing secret, `whsec_` and base64."""
    events: tuple[NoticeKind, ...] = EVERYTHING

    @property
    def address(self) -> str:
        """Without the path, which may be a secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def secret(self) -> str:
        """Raises ConfigurationError for one that cannot be used."""
        secret = _from_environment(self.secret_env, f"the secret of {self.name}")
        try:
            length = len(b64decode(secret.removeprefix("whsec_"), validate=True))
        except (binascii.Error, ValueError):
            length = 0
        if length not in SECRET_BYTES:
            raise ConfigurationError(
                f"{self.secret_env}, the secret of {self.name}, has to be whsec_ and {SECRET_BYTES.start} to "
                f"{SECRET_BYTES.stop - 1} bytes in base64, e.g. from `openssl rand -base64 32`"
            )
        return secret


def _from_environment(name: str, what: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ConfigurationError(f"{name}, {what}, is not set: set it where this command and Dagster run")
    return value


Place = MailPlace | WebhookPlace


class Notifications(BaseModel):
    """Everybody who is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mail: tuple[MailPlace, ...] = ()
    webhooks: tuple[WebhookPlace, ...] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [place.name for place in self.places]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the name {twice[0]} is used twice")
        return self

    @property
    def places(self) -> tuple[Place, ...]:
        return (*self.mail, *self.webhooks)


def load_notifications(settings: Settings) -> Notifications:
    """Raises ConfigurationError that names the file and the first wrong place."""
    path = settings.file("notifications.yaml")
    found = load_yaml(path, Notifications)
    return found.model_copy(update={"mail": tuple(_placed(place, path.parent) for place in found.mail)})


def _placed(place: MailPlace, folder: Path) -> MailPlace:
    return place if place.ca_file is None else place.model_copy(update={"ca_file": folder / place.ca_file})
