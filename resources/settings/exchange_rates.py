"""The file of exchange rates: CSV with the columns date, currency and per_usd, in any order of days."""

import csv
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.requests.currency import Rate

COLUMNS = ("date", "currency", "per_usd")


def read_rates(path: Path) -> list[Rate]:
    """Raises ConfigurationError with the line that is no rate."""
    where = f"LLM_ASSETS_EXCHANGE_RATES={path}"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            if reader.fieldnames is None or set(COLUMNS) - set(reader.fieldnames):
                raise ConfigurationError(f"{where} needs a first line with the columns {', '.join(COLUMNS)}")
            return [_rate(row, f"{where}: line {reader.line_num}") for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as err:
        raise ConfigurationError(f"{where} cannot be read: {err}; name a CSV file in UTF-8") from err


def _rate(row: dict[str, str | None], where: str) -> Rate:
    try:
        if None in row:
            raise ValueError("more cells than columns")
        day, code, per_usd = (str(row[name] or "").strip() for name in COLUMNS)
        rate = Rate(date.fromisoformat(day), code.upper(), Decimal(per_usd))
    except (ValueError, InvalidOperation) as err:
        raise ConfigurationError(f"{where} is no rate; write for example 2026-11-20,KZT,512.35") from err
    if not (rate.per_usd.is_finite() and rate.per_usd > 0 and len(code) == 3 and code.isalpha()):
        raise ConfigurationError(
            f"{where} is no rate; the currency has three letters and the rate is more than 0"
        )
    return rate
