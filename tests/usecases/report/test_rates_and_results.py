"""Files that the report reads beside the night: exchange rates, and results of the control set."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.requests.currency import Rate
from llm_assets.usecases.report.control_results import RESULTS, KeptResult, keep_result, result_for
from resources.settings.environment import load_settings
from resources.settings.exchange_rates import read_rates

HEAD = "date,currency,per_usd\n"


def test_rates_are_read_with_a_mark_blanks_and_further_columns(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_bytes("\ufeffcurrency, date, per_usd, source\nkzt, 2026-11-20, 512.35, банк\n".encode())
    assert read_rates(path) == [Rate(date(2026, 11, 20), "KZT", Decimal("512.35"))]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        pytest.param("", "first line", id="empty"),
        pytest.param("date;currency;per_usd\n", "first line", id="semicolons"),
        pytest.param(
            HEAD + "2026-11-20,KZT,512\n20.11.2026,KZT,512\n", "line 3", id="a date of another form"
        ),
        pytest.param(HEAD + '2026-11-20,KZT,"512,35"\n', "line 2", id="a comma"),
        pytest.param(HEAD + "2026-11-20,KZT,512,35\n", "line 2", id="a comma that is read as another cell"),
        pytest.param(HEAD + "2026-11-20,KZT,0\n", "more than 0", id="nothing"),
        pytest.param(HEAD + "2026-11-20,KZT,NaN\n", "more than 0", id="no number"),
        pytest.param(HEAD + "2026-11-20,tenge,512\n", "three letters", id="no code"),
        pytest.param(HEAD + "2026-11-20,KZT\n", "line 2", id="a short line"),
    ],
)
def test_a_line_that_is_no_rate_is_named(
    tmp_path: Path, content: str, names: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(content, encoding="utf-8")
    monkeypatch.setenv("LLM_ASSETS_CURRENCY", "kzt")
    monkeypatch.setenv("LLM_ASSETS_EXCHANGE_RATES", str(path))
    with pytest.raises(ConfigurationError, match=f"LLM_ASSETS_EXCHANGE_RATES=.*{names}"):
        load_settings()


def test_a_rates_file_that_is_not_there_or_no_text_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_rates(path)
    path.write_bytes(b"\xff\xfe\x00date")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_rates(path)


def result(hour: int, accuracy: float) -> KeptResult:
    at = datetime(2026, 11, 21, hour, tzinfo=UTC)
    return KeptResult(at=at, figures={"accuracy": accuracy}, below={"categories": ("low",)}, is_demo=False)


def test_a_night_has_the_newest_result_before_its_deadline_else_the_first_after(tmp_path: Path) -> None:
    deadline = datetime(2026, 11, 21, 3, tzinfo=UTC)
    assert result_for(tmp_path, deadline) is None
    keep_result(tmp_path, result(5, 0.7))
    assert result_for(tmp_path, deadline) == result(5, 0.7)
    keep_result(tmp_path, result(9, 0.1))
    assert result_for(tmp_path, deadline) == result(5, 0.7), "a later run changes no report"
    keep_result(tmp_path, result(1, 0.8))
    keep_result(tmp_path, result(2, 0.9))
    assert result_for(tmp_path, deadline) == result(2, 0.9)


def test_a_line_that_a_killed_process_left_unfinished_is_passed_over(tmp_path: Path) -> None:
    keep_result(tmp_path, result(1, 0.8))
    with (tmp_path / "control_set" / RESULTS).open("ab") as file:
        file.write(b'{"at": "2026-11-21T02')
    keep_result(tmp_path, result(2, 0.9))
    found = result_for(tmp_path, datetime(2026, 11, 21, 3, tzinfo=UTC))
    assert found == result(2, 0.9)
