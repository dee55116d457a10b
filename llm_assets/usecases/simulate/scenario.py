"""What is simulated: the shape of a simulation file. It decides nothing."""

from datetime import time
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Border, Mode, Tier
from llm_assets.domain.traffic.lanes import RescueRules, RouteRules
from resources.settings.environment import SHIPPED_CONFIG, load_yaml, parse_yaml

SHIPPED = SHIPPED_CONFIG / "simulations"


class Trouble(Border):
    """Minutes in which the provider serves less than usual."""

    begins: time
    minutes: float = Field(gt=0)
    requests_per_minute: int | None = Field(default=None, gt=0)
    slower: float = Field(default=1, ge=1)
    """Factor on the seconds of an online call."""
    down: bool = False
    """No call is answered; batches continue."""


class Lives(StrEnum):
    """How long a batch lives."""

    PUBLISHED = "published"
    """Drawn from the published curve with its tail."""
    USUAL = "usual"
    """The same without the tail: no batch takes longer than nine of ten do."""


class Modelled(Border):
    """The provider: what it really does, which may differ from what the profile knows."""

    lives: Lives = Lives.USUAL
    batch_slower: float = Field(default=1, gt=0)
    """Factor on the life of a batch."""
    stuck_steps: frozenset[str] = frozenset()
    """Steps whose first batch of a night never ends."""
    finished_share: float = Field(default=0.8, ge=0, le=1)
    """How much of a stuck batch is finished after half an hour."""
    cancel_minutes: float = Field(default=8, ge=0)
    online_seconds: float = Field(default=4, gt=0)
    """Median of one call."""
    online_spread: float = Field(default=0.6, ge=0)
    """Standard deviation of the logarithm of these seconds."""
    timeout_seconds: float = Field(default=120, gt=0)
    """When our client gives up an online call."""
    timeouts: float = Field(default=0, ge=0, le=1)
    """Share of online calls that are never answered."""
    failing: float = Field(default=0.001, ge=0, le=1)
    """Share of requests that fail and succeed when they are sent again."""
    flex_refused: float = Field(default=0.1, ge=0, le=1)
    """Share of flex calls that are refused for want of capacity."""
    requests_per_minute: int | None = Field(default=None, gt=0)
    tokens_per_minute: int | None = Field(default=None, gt=0)
    troubles: tuple[Trouble, ...] = ()


class SimulatedStep(Border):
    name: str
    tier: Tier = Tier.CHEAP
    reads: tuple[str, ...] = ()
    prompt_tokens: int = Field(gt=0)
    output_tokens: int = Field(gt=0)
    share: float = Field(default=1, gt=0, le=1)
    """Of the records that the step asks about."""
    mode: Mode | None = None
    """None leaves it to the lane."""
    once: bool = False
    """One request for the whole night, as for the report's opening lines."""


class Scenario(Border):
    """One row of the table: a night, or many nights one after another."""

    name: str
    profile: str
    """Of providers.yaml."""
    limits: dict[str, Any] = Field(default_factory=dict)  # fields of a profile's Limits
    routes: dict[str, Any] = Field(default_factory=dict)  # fields of a profile's SoldRoutes
    """Added to what the profile sells."""
    mode: Mode = Mode.BATCH
    """Of the lane `nightly`."""
    records: int = Field(default=2000, gt=0)
    load: float = Field(default=1, gt=0)
    """Times the records."""
    starts: time = time(1)
    deadline: time = time(8)
    ladder: bool = True
    rescue: RescueRules = RescueRules()
    route_rules: RouteRules = RouteRules()
    nights: int = Field(default=1, gt=0)
    seed: int = 1
    provider: Modelled = Modelled()
    steps: tuple[SimulatedStep, ...]
    most_hours: float = Field(default=30, gt=0, le=44)
    """So long after its start a night is watched for late results."""

    @property
    def cases(self) -> int:
        return round(self.records * self.load)

    @property
    def rules(self) -> RescueRules:
        """Without the ladder nothing but the age of a batch cancels it."""
        if self.ladder:
            return self.rescue
        return self.rescue.model_copy(
            update={"probability": 0.0, "cancel_minutes": 0.0, "budget_usd": Decimal(0)}
        )


class _File(Border):
    title: str
    base: dict[str, Any]  # checked with each run
    runs: list[dict[str, Any]] = Field(min_length=1)


class Simulation(Border):
    title: str
    scenarios: tuple[Scenario, ...]


def load_simulation(name: str) -> Simulation:
    """The simulation of a file, or a shipped one by its name. Raises ConfigurationError that lists the shipped ones."""
    shipped = sorted(p.stem for p in SHIPPED.glob("*.yaml"))
    path = SHIPPED / f"{name}.yaml" if name in shipped else Path(name)
    if not path.is_file():
        raise ConfigurationError(
            f"--profile {name} is neither a file nor a shipped simulation; choose one of: {', '.join(shipped)}"
        )
    file = load_yaml(path, _File)
    rows = tuple(parse_yaml(path, _merged(file.base, run), Scenario) for run in file.runs)
    return Simulation(title=file.title, scenarios=rows)


def _merged(base: dict[str, Any], run: dict[str, Any]) -> dict[str, Any]:
    """The run's keys win; mappings are merged key by key."""
    merged = dict(base)
    for key, value in run.items():
        before = merged.get(key)
        merged[key] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    return merged
