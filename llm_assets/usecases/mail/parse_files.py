"""Parse files: what the platform reads in mails and documents, for a person to look at. Nothing is registered."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from llm_assets.intake.workers.pool import ReaderPool


def parse_files(
    paths: Sequence[Path], *, ocr: bool, why: bool = False, warn: Callable[..., None]
) -> Iterator[Mapping[str, Any]]:
    """A JSON object for each message; records are read by the rules of `sources.yaml`, scans only with `ocr`, and reasons only with `why`.

    Raises ConfigurationError for settings or rules that cannot be used.
    """
    with ReaderPool(warn=warn) as pool:
        pool.start_one()  # it imports its libraries while this process imports its own
        from llm_assets.intake.records.mapping import DropRules
        from llm_assets.intake.rows import parse_rows
        from resources.settings.environment import load_settings
        from resources.settings.sources import load_sources

        settings = load_settings()
        rules = DropRules(load_sources(settings).drops, settings.timezone)
        yield from parse_rows(paths, ocr=ocr, why=why, rules=rules, pool=pool)
