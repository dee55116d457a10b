"""Results of the control set, kept so that the report of a night can say how well the steps did."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from llm_assets.domain.errors import DeskError

RESULTS = "results.jsonl"


class KeptResult(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    at: datetime
    figures: dict[str, float]
    below: dict[str, tuple[str, ...]]
    """By table of classes, a sentence for each class below its limit."""
    is_demo: bool


def keep_result(home: Path, result: KeptResult) -> None:
    """Adds it; a line that a killed process left unfinished is passed over by who reads."""
    path = home / "control_set" / RESULTS
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(b"\n" + result.model_dump_json().encode() + b"\n")


def result_for(home: Path, deadline: datetime) -> KeptResult | None:
    """The newest result from before a night's deadline, else the first one after it: a later run changes no report that has
    one. None before the control set was ever run."""
    kept = sorted(_read(home / "control_set" / RESULTS), key=lambda r: r.at)
    before = [r for r in kept if r.at <= deadline]
    return before[-1] if before else next(iter(kept), None)


def _read(path: Path) -> Iterator[KeptResult]:
    try:
        lines = path.read_bytes().splitlines() if path.exists() else []
    except OSError as err:
        raise DeskError(f"{path} cannot be read ({err.strerror}); restore its permissions") from err
    for line in lines:
        try:
            yield KeptResult.model_validate_json(line)
        except ValidationError:
            continue
