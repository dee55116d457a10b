"""The versions of the rules by which mail becomes documents, documents requests, and answers rows: digests of their
own source.

An edited rule cannot keep its old version, so nobody has to remember to raise a number. They change more often than
they must (an edited comment counts); that costs a night some rendering, and no request.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from llm_assets import domain, intake, steps
from llm_assets.domain.digest import digest
from llm_assets.domain.step import Step
from llm_assets.engine import receive, rows


def rules_version(of: Iterable[Step]) -> str:
    """24 hex digits over what renders, masks and makes rows, and over the folder that each step stands in."""
    folders = {_folder(name) for name in (steps.__name__, *(s.output.__module__ for s in of))}
    masking = _folder(intake.__name__).glob("pii*.py")
    return _digest({Path(rows.__file__), *masking, *(p for folder in folders for p in folder.glob("*.py"))})


def masking_version() -> str:
    """24 hex digits over what masks personal data."""
    return _digest(_folder(intake.__name__).glob("pii*.py"))


def reading_version() -> str:
    """24 hex digits over what reads messages and places them in cases."""
    return _digest({Path(receive.__file__), *_folder(intake.__name__).glob("*.py")})


def _digest(files: Iterable[Path]) -> str:
    read = {*files, *_folder(domain.__name__).glob("*.py")}
    return digest([path.read_text(encoding="utf-8") for path in sorted(read)])


def _folder(module: str) -> Path:
    """A step stands where its output model is defined; its prompt has a version of its own."""
    file = sys.modules[module].__file__
    assert file is not None, module
    return Path(file).parent
