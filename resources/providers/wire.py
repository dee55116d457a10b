"""What both protocols share on the wire: keys, bodies, downloads and JSON Lines. Nothing here knows a provider."""

import logging
import os
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from llm_assets.domain.errors import ConfigurationError, PermanentError, TransientError
from llm_assets.domain.profile import Profile
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome
from llm_assets.domain.requests.request import Picture
from llm_assets.intake.scans import Shown

CHUNK = 1 << 20
DOWNLOADS = 3
"""How often results that are too short are fetched before the provider is believed."""
EMULATOR_KEY = "emulator"
_KEY_ENV = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
_BASE_ENV = {"openai": "OPENAI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL"}


Show = Callable[[Sequence[Picture]], Sequence[Shown]]
"""Reads the scans of a request. Raises PermanentError where they cannot be had."""


def none_to_show(pictures: Sequence[Picture]) -> Sequence[Shown]:
    """For a provider that is never asked about scans."""
    raise PermanentError(f"{len(pictures)} scans, and nobody reads them", code="scan_missing")


def base64_of(shown: Shown) -> str:
    return b64encode(shown.data).decode("ascii")


def key_env(profile: Profile) -> str:
    return profile.api_key_env if profile.api_key_env is not None else _KEY_ENV[profile.protocol]


def api_key(profile: Profile) -> str:
    """The profile's key from the environment. Raises ConfigurationError that names the variable.

    An emulated profile that names no variable never gets a real key: an emulator may record its requests.
    """
    if profile.emulated and profile.api_key_env is None:
        return EMULATOR_KEY
    key = os.environ.get(key_env(profile), "").strip()
    if key:
        return key
    if profile.emulated:
        return EMULATOR_KEY
    raise ConfigurationError(f"Profile {profile.name} has no key: set {key_env(profile)}.")


def base_url(profile: Profile) -> str | None:
    """The profile's own address, else the SDK's variable, else None for the SDK's default.

    Raises ConfigurationError for an emulated profile without an address: it must not reach a real provider.
    """
    address = profile.base_url or os.environ.get(_BASE_ENV[profile.protocol], "").strip() or None
    if address is None and profile.emulated:
        raise ConfigurationError(
            f"Profile {profile.name} is emulated and has no base_url: start the emulator."
        )
    return address


def quiet(sdk: str) -> None:
    """Keeps the SDK's debug log off: it prints whole requests, and mail text never reaches a log."""
    logger = logging.getLogger(sdk)
    logger.setLevel(max(logging.INFO, logger.level))


def same_origin(url: str, base: str) -> bool:
    """Whether a URL leads to the scheme, host and port of `base`, so that the key may be sent there."""
    return _origin(url) == _origin(base)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    return (
        parts.scheme,
        parts.hostname,
        port if port is not None else {"http": 80, "https": 443}.get(parts.scheme),
    )


def mapping(value: object) -> Mapping[str, Any]:
    """A JSON object, or an empty one where the provider sent something else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def save(chunks: Iterable[bytes], path: Path) -> None:
    with path.open("wb") as target:
        for chunk in chunks:
            target.write(chunk)


class Lines(NamedTuple):
    """What a JSON Lines file holds, blank lines left out."""

    number: int
    size: int
    whole: bool
    """False when the last line is not JSON: the stream was cut inside it."""


def lines_of(path: Path) -> Lines:
    number, last = 0, b""
    with path.open("rb") as source:
        for line in source:
            if not line.isspace():
                number, last = number + 1, line
    return Lines(number, path.stat().st_size, not last or _parsed(last) is not None)


def download_whole(download: Callable[[], Lines], told: int, batch_id: str) -> Lines:
    """Downloads until there are as many lines as the provider counts, and returns how many there are.

    A stream cut at a line's end looks whole, so a short one is fetched again. When every try brings the very same
    bytes, the provider holds no more: the ids that are absent never ran. Raises TransientError otherwise.
    """
    tries = []
    for _ in range(DOWNLOADS):
        found = download()
        if found.whole and found.number >= told:
            return found
        tries.append(found)
    if not found.whole or len(set(tries)) > 1:
        raise TransientError(
            f"The results of batch {batch_id} were cut: {found.number} lines of {told}; they are fetched again."
        )
    return found


def read_lines(path: Path) -> Iterator[Mapping[str, Any] | None]:
    """Each line as an object, None for one that is not; one line in memory at a time."""
    with path.open("rb") as source:
        for line in source:
            if not line.isspace():
                yield _parsed(line)


def _parsed(line: bytes) -> Mapping[str, Any] | None:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def unreadable_line() -> Answer:
    """Stands for a line that is no JSON object; it names nobody, so its request ends as missing."""
    return Answer("", Outcome.INVALID, "", Usage(), "unreadable_line")


def answered(custom_id: str, outcome: Outcome, text: str, usage: Usage, detail: str) -> Answer:
    """An answer as the model gave it; a success without text is none."""
    if outcome is Outcome.SUCCEEDED and not text.strip():
        return Answer(custom_id, Outcome.INVALID, "", usage, "empty")
    return Answer(custom_id, outcome, "" if outcome is Outcome.REFUSED else text, usage, detail)
