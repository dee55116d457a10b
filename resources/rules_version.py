"""The version of the rules by which documents become requests: a digest of their own source.

An edited rule cannot keep its old version, so nobody has to remember to raise a number. It changes more often than it
must (an edited comment counts); that costs one night a rendering of its cases, and no request.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from llm_assets import domain, intake, steps
from llm_assets.domain.digest import digest
from llm_assets.domain.step import Step


def rules_version(of: Iterable[Step]) -> str:
    """24 hex digits over what renders and masks, and over the folder that each step stands in."""
    masking = _folder(intake.__name__).glob("pii*.py")
    folders = {
        _folder(name) for name in (domain.__name__, steps.__name__, *(s.output.__module__ for s in of))
    }
    files = {*masking, *(path for folder in folders for path in folder.glob("*.py"))}
    return digest([path.read_text(encoding="utf-8") for path in sorted(files)])


def _folder(module: str) -> Path:
    """A step stands where its output model is defined; its prompt has a version of its own."""
    file = sys.modules[module].__file__
    assert file is not None, module
    return Path(file).parent
