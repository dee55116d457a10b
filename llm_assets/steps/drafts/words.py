"""The words of three languages by which rules understand a draft: what is named in a text. The words are in words.yaml."""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml


@cache
def _file() -> dict[str, Any]:  # as the YAML file holds it
    loaded: dict[str, Any] = yaml.safe_load(
        Path(__file__).with_name("words.yaml").read_text(encoding="utf-8")
    )
    return loaded


@cache
def _patterns(part: str) -> dict[str, re.Pattern[str]]:
    return {
        name: re.compile(rf"(?<!\w)(?:{'|'.join(forms)})", re.IGNORECASE)
        for name, forms in _file()[part].items()
    }


@cache
def _any_of(part: str) -> re.Pattern[str]:
    """One pattern for a whole part: most texts name nothing of it, and are read once."""
    forms = "|".join(form for forms in _file()[part].values() for form in forms)
    return re.compile(rf"(?<!\w)(?:{forms})", re.IGNORECASE)


@lru_cache(maxsize=512)
def named(part: str, text: str) -> frozenset[str]:
    """What the text names of a part of words.yaml: `promised`, `approved`, `asked` or `topics`."""
    if not _any_of(part).search(text):
        return frozenset()
    return frozenset(name for name, pattern in _patterns(part).items() if pattern.search(text))


@cache
def common_names() -> frozenset[str]:
    """Names and abbreviations, in lower case, that no draft has made up."""
    return frozenset(_file()["common_names"].split())


@cache
def opening(part: str) -> re.Pattern[str]:
    """What a line must not begin with: `greetings` or `farewells`."""
    words = "|".join(w.strip() for w in _file()[part].strip().strip("|").split("|\n"))
    return re.compile(rf"\s*(?:{words})".replace("| ", "|"), re.IGNORECASE)
