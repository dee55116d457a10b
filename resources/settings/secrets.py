"""The secrets that the environment of this process holds, for redaction: keys, tokens, passwords, and those in URLs.

A variable is secret by its name, because a YAML file names it as one, or because its value is a URL with a secret in it.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from llm_assets.domain.redaction import SHORTEST, redacted, secrets_of_url

_BY_NAME = re.compile(r"(?i)(^|_)(api_?key|key|token|password|passwd|pass|pwd|secret|credentials?)(_|$)")
_NAMED = re.compile(r"(?:password|token|api_key|secret)_env[\"']?\s*:\s*[\"']?([A-Za-z_][A-Za-z0-9_]*)")
_FILES = ("sources.yaml", "providers.yaml", "notifications.yaml")
_LOOKED_THROUGH = 1_000_000


def without_secrets(text: str) -> str:
    """The text as it may be printed."""
    return redacted(text, secrets(os.environ))


def secrets(environment: Mapping[str, str]) -> Iterator[str]:
    named = _named(environment.get("LLM_ASSETS_CONFIG", ""))
    for name, value in environment.items():
        if len(value) < SHORTEST:
            continue
        if name in named or (_BY_NAME.search(name) and not _is_place(value)):
            yield value
        if "://" in value:
            yield from secrets_of_url(value)


def _is_place(value: str) -> bool:
    """A path such as SSH_KEY=/home/… is no secret; a key may begin like one and leads to no file."""
    return value.startswith(("/", "./", "~")) and os.path.exists(os.path.expanduser(value))  # noqa: PTH110, PTH111 - whatever a key is, these do not raise


def _named(folder: str) -> set[str]:
    """Variables that the configuration names as secrets, also where it cannot be parsed."""
    found: set[str] = set()
    for name in _FILES if folder else ():
        try:
            with Path(folder, name).open("rb") as file:
                found.update(_NAMED.findall(file.read(_LOOKED_THROUGH).decode("utf-8", "replace")))
        except (OSError, ValueError):  # it is not there: the command that needs it says so
            continue
    return found
