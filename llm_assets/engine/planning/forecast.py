"""Forecast: what a step of a night will take, summed from its requests before any is sent. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil

from llm_assets.domain.profile import Lane, Mode, Profile
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.request import Request
from llm_assets.engine.planning.estimate import Calibration, most_usd, prompt_tokens
from llm_assets.engine.planning.route_rules import Route
from llm_assets.engine.ports.prices import Prices

ASSUMED_ANSWER = 0.1
"""Tokens of an answer for each token of its limit, while no answer is known: ours fill between a twentieth and a sixth."""
ASSUMED_RETRIES = 0.02
"""Requests that are asked again for each request, while too few are known."""


@dataclass(slots=True)
class Usd:
    """Price of requests in one mode."""

    low: Decimal = Decimal(0)
    typical: Decimal = Decimal(0)
    p95: Decimal = Decimal(0)
    """Upper ends of prompts and answers alike; the same as `at_most` while the length of answers is unknown."""
    at_most: Decimal = Decimal(0)
    """With every token they may answer with and nothing served by a cache: what a budget sets aside."""

    def add(self, low: Decimal, typical: Decimal, p95: Decimal, at_most: Decimal) -> None:
        self.low, self.typical = self.low + low, self.typical + typical
        self.p95, self.at_most = self.p95 + p95, self.at_most + at_most


@dataclass(slots=True)
class Forecast:
    """A step's share of a planned night."""

    step: str
    model: str = ""
    new: int = 0
    changed: int = 0
    reused: int = 0
    stopped: int = 0
    """Cases whose request must not go to this profile; they are in none of the other figures of what is sent."""
    requests: float = 0
    requests_at_most: int = 0
    """More than `requests` where earlier answers decide who needs this step."""
    basis: str = "counted"
    results: int = 0
    """Earlier answers the estimate was corrected by."""
    calibrated: bool = True
    answers_known: bool = True
    """False while the length of answers is unknown: then `ASSUMED_ANSWER` of their limit is taken for typical."""
    retries: float = 0
    """Requests that are asked again for each request; typical prices count them."""
    retries_known: bool = True
    input_typical: float = 0
    input_p95: float = 0
    output_typical: float = 0
    output_p95: float = 0
    output_ceiling: int = 0
    usd: dict[Mode, Usd] = field(default_factory=lambda: {mode: Usd() for mode in (Mode.BATCH, Mode.ONLINE)})
    """By every route that the profile sells, and by batch and online."""
    routed: Usd = field(default_factory=Usd)
    """Price of each request in the mode in which it goes."""
    at_most_by_lane: dict[Lane, Decimal] = field(default_factory=dict)
    routes: dict[Route, float] = field(default_factory=dict)
    """Requests expected to go by each route, and why."""
    batch_tokens: float = 0
    """Prompt tokens expected to wait in the provider's queue; 0 when nothing goes in a batch."""


def add_request(
    forecast: Forecast,
    prices: Prices,
    profile: Profile,
    request: Request,
    counted: int,
    calibration: Calibration,
    *,
    lane: Lane,
    route: Route,
    likelihood: float | None = None,
    length: float = 1.0,
) -> None:
    """Adds one request. `likelihood` says how probable it is that it will be needed, None that it certainly is; upper
    bounds count it whole, lower ones not at all unless it is certain. `length` says how long its prompt usually is
    beside what was counted, where another request was counted in its place."""
    expected = likelihood if likelihood is not None else 1.0
    output, usual = calibration.output, counted * length
    prompt, usual_prompt = (prompt_tokens(request, n, calibration) for n in (counted, usual))
    longest = min(round(output.high), request.max_tokens) if output is not None else request.max_tokens
    forecast.model, forecast.results = request.model, calibration.results
    forecast.calibrated = forecast.calibrated and calibration.calibrated
    forecast.answers_known = forecast.answers_known and calibration.answer is not None
    assumed = request.max_tokens * ASSUMED_ANSWER
    answer = calibration.answer if calibration.answer is not None else assumed
    forecast.requests += expected
    forecast.requests_at_most += 1
    forecast.batch_tokens += expected * usual if route.mode is Mode.BATCH else 0
    forecast.routes[route] = forecast.routes.get(route, 0) + expected
    forecast.input_typical += expected * usual_prompt.typical
    forecast.input_p95 += prompt.high
    forecast.output_typical += expected * answer
    forecast.output_p95 += longest
    forecast.output_ceiling += request.max_tokens
    low = Usage(round(prompt.low), output_tokens=round(output.low) if output is not None else 0)
    typical = Usage(round(usual_prompt.typical), output_tokens=round(answer))
    high = Usage(round(prompt.high), output_tokens=longest)
    certain = Decimal(likelihood is None)
    for priced in (*forecast.usd, *(mode for mode in profile.sold if mode not in forecast.usd)):
        usd = forecast.usd.setdefault(priced, Usd())
        most = most_usd(prices, profile, request, priced, counted, calibration)
        costs = (
            certain * prices.usd(profile, request.model, priced, low),
            Decimal(expected * (1 + forecast.retries)) * prices.usd(profile, request.model, priced, typical),
            prices.usd(profile, request.model, priced, high) if output is not None else most,
            most,
        )
        usd.add(*costs)
        if priced is route.mode:
            forecast.routed.add(*costs)
            forecast.at_most_by_lane[lane] = forecast.at_most_by_lane.get(lane, Decimal(0)) + most


def calls_of(forecasts: Iterable[Forecast]) -> dict[Mode, float]:
    """Requests that are expected to be asked one by one, by route."""
    found: dict[Mode, float] = {}
    for forecast in forecasts:
        for route, requests in forecast.routes.items():
            if route.mode.one_by_one:
                found[route.mode] = found.get(route.mode, 0) + requests
    return found


def turns_of(forecasts: Sequence[Forecast], limit: int | None) -> int:
    """How many batches of a round follow one another, as its steps' prompt tokens share a model's queue of this size;
    0 without any batch. Pure."""
    by_model: dict[str, float] = {}
    for forecast in forecasts:
        if forecast.batch_tokens:
            by_model[forecast.model] = by_model.get(forecast.model, 0) + forecast.batch_tokens
    if limit is None:
        return 1 if by_model else 0
    return max((ceil(tokens / limit) for tokens in by_model.values()), default=0)
