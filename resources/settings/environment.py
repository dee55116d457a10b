"""Settings from the environment and `.env`, and the YAML files people edit. Nothing here has a side effect."""

import re
from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from llm_assets.domain.desk.night import Calendar
from llm_assets.domain.desk.queue import Queues
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Profile
from llm_assets.domain.requests.currency import USD, Rate
from llm_assets.domain.traffic.lanes import Lanes
from llm_assets.words.language import Language
from resources.settings.dotenv_file import unreadable
from resources.settings.exchange_rates import read_rates
from resources.settings.yaml_files import read_yaml

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

SHIPPED_CONFIG = Path(__file__).parents[2] / "llm_assets" / "config"
SHIPPED_CONTROL_SET = Path(__file__).parents[2] / "data" / "samples" / "control_set"
SETTLE_MARGIN_SECONDS = 60.0

_ISSUER = r"^(https://[^\s@?#]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/[^\s@?#]*)?)$"

Model = TypeVar("Model", bound=BaseModel)


class Settings(BaseSettings):
    """Every setting has a default but the provider, so that rules never answer real customers by accident."""

    model_config = SettingsConfigDict(env_prefix="LLM_ASSETS_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Path("data")
    database_url: str | None = None
    provider: str | None = None
    config: Path | None = None
    timezone: str = "Asia/Almaty"
    day_closes: time = time(0, 0)
    night_starts: time = time(1, 0)
    deadline: time = time(8, 0)
    first_day: date = date(2026, 1, 1)
    budget_usd: Decimal | None = Field(default=None, ge=0)
    over_budget: Literal["cut", "refuse"] = "cut"
    http_timeout_seconds: float = Field(default=600, gt=0)
    poll_seconds: float = Field(default=30, gt=0)
    patience_seconds: float = Field(default=600, ge=0)
    """How long a run that waits in process keeps trying while every call to the provider fails."""
    unreachable_seconds: float = Field(default=120, ge=0)
    """The same where the provider was never reached at all."""
    settle_seconds: float | None = Field(default=None, ge=0)
    control_set: Path = SHIPPED_CONTROL_SET
    """Folder with labels.jsonl and the records it names."""
    grace_seconds: float = Field(default=5, ge=0)
    """How long a Dagster step polls before it parks: quick batches then need no second run."""
    answers_days: int = Field(default=7, ge=0)
    """How long the online door keeps what a caller was answered, for the same Idempotency-Key and /v1/answers."""
    currency: str = "USD"
    exchange_rates: Path | None = None
    """CSV with dated rates of `currency`."""

    language: Language = "en"
    """Of the report and the review app."""
    review_url: str | None = Field(default=None, pattern=r"^https?://[^\s@]+$")
    """Where people open the review app, for links to it."""
    oidc_issuer: str | None = Field(default=None, pattern=_ISSUER)
    """The identity provider that people may sign in at."""
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_claim: str = "email"
    """What the provider says of a person that is the name of their account."""

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as err:
            raise ValueError(f"{name!r} is no time zone; use a name such as Asia/Almaty") from err
        return name

    @field_validator("currency")
    @classmethod
    def _currency_has_a_code(cls, code: str) -> str:
        if not re.fullmatch("[A-Za-z]{3}", code):
            raise ValueError(f"{code!r} is no currency; use a code such as KZT")
        return code.upper()

    @property
    def ledger_url(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'ledger.db').resolve()}"

    @property
    def calendar(self) -> Calendar:
        return Calendar(ZoneInfo(self.timezone), self.day_closes, self.night_starts, self.deadline)

    @property
    def settle(self) -> float:
        """Seconds; longer than the HTTP timeout, because a create may be accepted just before we stop waiting."""
        if self.settle_seconds is not None:
            return self.settle_seconds
        return self.http_timeout_seconds + SETTLE_MARGIN_SECONDS

    def file(self, name: str) -> Path:
        """The person's own file of this name, or the shipped one."""
        own = self.config / name if self.config is not None else None
        return own if own is not None and own.exists() else SHIPPED_CONFIG / name


class _Providers(BaseModel):
    model_config = ConfigDict(extra="forbid")
    providers: dict[str, Profile]


def load_settings() -> Settings:
    """Raises ConfigurationError that names the variable and what is wrong with it."""
    try:
        settings = Settings()
    except ValidationError as err:
        problem = err.errors(include_input=False)[0]
        name = "LLM_ASSETS_" + str(problem["loc"][0]).upper()
        raise ConfigurationError(f"{name} is not usable: {_what(problem)}") from err
    except (OSError, ValueError) as err:
        raise unreadable(err) from err
    _check_paths(settings)
    if settings.currency != USD and settings.exchange_rates is None:
        raise ConfigurationError(
            f"LLM_ASSETS_CURRENCY={settings.currency} needs rates; name their file in LLM_ASSETS_EXCHANGE_RATES"
        )
    load_rates(settings)
    if settings.config is not None and not settings.config.is_dir():
        raise ConfigurationError(
            f"LLM_ASSETS_CONFIG names {settings.config}, which is no folder; name the one with your YAML files"
        )
    return settings


def _check_paths(settings: Settings) -> None:
    for name in ("home", "config", "control_set", "exchange_rates"):
        path = getattr(settings, name)
        if path is not None and "\0" in str(path):
            raise ConfigurationError(f"LLM_ASSETS_{name.upper()} holds a NUL byte; write the path anew")


def load_queues(settings: Settings) -> Queues:
    return load_yaml(settings.file("queues.yaml"), Queues)


def load_lanes(settings: Settings) -> Lanes:
    return load_yaml(settings.file("lanes.yaml"), Lanes)


def load_rates(settings: Settings) -> list[Rate]:
    """Raises ConfigurationError with the line that is no rate."""
    return read_rates(settings.exchange_rates) if settings.exchange_rates is not None else []


def load_profile(settings: Settings) -> Profile:
    """The profile LLM_ASSETS_PROVIDER names. Raises ConfigurationError that lists the choices."""
    path = settings.file("providers.yaml")
    profiles = load_yaml(path, _Providers).providers
    choices = ", ".join(sorted(profiles))
    if not settings.provider:
        raise ConfigurationError(f"LLM_ASSETS_PROVIDER is not set; choose one of: {choices}")
    profile = profiles.get(settings.provider)
    if profile is None:
        raise ConfigurationError(
            f"LLM_ASSETS_PROVIDER={settings.provider} is not in {path}; choose one of: {choices}"
        )
    return profile.model_copy(update={"name": settings.provider})


def load_yaml(path: Path, model: type[Model]) -> Model:
    """A file's content as a model; an empty file is one without any key. Raises ConfigurationError."""
    content = read_yaml(path)
    return parse_yaml(path, {} if content is None else content, model)


def parse_yaml(path: Path, content: Any, model: type[Model]) -> Model:
    """The YAML's content as a model. Raises ConfigurationError with the file and the first wrong place."""
    try:
        return model.model_validate(content)
    except ValidationError as err:
        problem = _deepest(err.errors(include_input=False))
        where = ".".join(str(p) for p in problem["loc"] if not _PYDANTICS.fullmatch(str(p))) or "the file"
        raise ConfigurationError(f"{path}: {where}: {_what(problem)}") from err
    except RecursionError as err:
        raise ConfigurationError(f"{path}: it holds itself; write it without such aliases") from err


_PYDANTICS = re.compile(r"\[key\]|(?:str-enum|dict)\[.*\]")
"""Parts of a place that name a type and no key of the file."""


def _deepest(problems: Sequence["ErrorDetails"]) -> "ErrorDetails":
    """The first problem; of a value that may have several forms that of the form which it came closest to."""
    first = problems[0]
    if not _PYDANTICS.fullmatch(str(first["loc"][-1] if first["loc"] else "")):
        return first
    of_value = [p for p in problems if p["loc"][: len(first["loc"]) - 1] == first["loc"][:-1]]
    return max(of_value, key=lambda p: len(p["loc"]))


_WHAT = {
    "extra_forbidden": "is no setting here; remove it or correct its name",
    "dict_type": "holds no keys; write `key: value` lines there",
    "model_type": "holds no keys; write `key: value` lines there",
    "missing": "is required; add it",
}


def _what(problem: "ErrorDetails") -> str:
    """What is wrong with a value, without the words that pydantic puts before our own."""
    return _WHAT.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
