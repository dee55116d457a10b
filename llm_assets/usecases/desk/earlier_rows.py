"""Earlier rows that somebody gives: those of the steps that a step reads, from a file or from a caller, instead of a model's."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from llm_assets.domain.desk.step import Step, StepInput
from llm_assets.domain.desk.tables import Row
from llm_assets.domain.errors import DeskError
from llm_assets.domain.requests.outcome import Status

EarlierRows = Mapping[str, Row]
"""Step -> its row, as it is given."""


class UnfitRowsError(DeskError):
    """These are no rows of the steps that the step reads; the sentence quotes the names of steps and columns."""

    def __init__(self, message: str, unquoted: str | None = None) -> None:
        super().__init__(message)
        self.unquoted = unquoted if unquoted is not None else message
        """The same without any name that was given."""


def check_rows(rows: Any, step: Step, steps: Sequence[Step]) -> EarlierRows:
    """Raises UnfitRowsError for what is no object of objects, a step that is not read, and a column that a step does not have."""
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        raise UnfitRowsError("it has to be an object of objects, step -> column -> value")
    for name, row in rows.items():
        if name not in step.reads:
            reads = f"{step.name} reads {', '.join(step.reads) or 'no step'}"
            raise UnfitRowsError(f"{reads}, not {name}", f"{reads}, not another one")
        unknown = sorted(row.keys() - columns_of(name, steps).keys())
        if unknown:
            raise UnfitRowsError(f"{name} has no column {unknown[0]}", f"{name} has no such column")
    return rows


def check_values(rows: EarlierRows, steps: Sequence[Step]) -> None:
    """Raises UnfitRowsError for a value that its column cannot hold."""
    for name, row in rows.items():
        columns = columns_of(name, steps)
        for column, value in row.items():
            if value is not None and not _fits(columns[column], value):
                raise UnfitRowsError(f"{name}.{column} is not {columns[column]}")


def filled(said: Row, earlier: Step, given: StepInput) -> dict[str, Any]:
    """The whole row: what was said, what follows from it, and nothing in the other columns."""
    row: dict[str, Any] = dict.fromkeys(earlier.table.column_types) | {"status": Status.OK.value} | dict(said)
    return row | {key: value for key, value in earlier.follows(given, row).items() if key not in said}


def columns_of(step: str, steps: Sequence[Step]) -> Mapping[str, str]:
    """Column -> its type."""
    [found] = (each for each in steps if each.name == step)
    return found.table.column_types


def _fits(kind: str, value: Any) -> bool:
    if kind.endswith("[]"):
        return isinstance(value, list) and all(_fits(kind.removesuffix("[]"), each) for each in value)
    match kind.partition("(")[0]:
        case "JSON":
            return True
        case "VARCHAR":
            return isinstance(value, str)
        case "BOOLEAN":
            return isinstance(value, bool)
        case "BIGINT" | "INTEGER":
            return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31
        case "DOUBLE":
            return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
        case "DECIMAL":
            return not isinstance(value, bool) and isinstance(value, str | int | float) and _is_amount(value)
        case "DATE":
            return isinstance(value, str) and _is_date(value)
        case "TIMESTAMPTZ":
            return isinstance(value, str) and _is_moment(value)
        case _:
            raise AssertionError(kind)


def _is_amount(value: str | float) -> bool:
    """Within DECIMAL(18,2)."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return False
    return amount.is_finite() and abs(amount) < Decimal(10) ** 16


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_moment(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
