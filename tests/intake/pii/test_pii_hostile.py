"""Masking a text made for slow patterns takes no longer than its length says."""

import pytest

from llm_assets.domain.mail.document import (
    Address,
)
from llm_assets.intake.pii.masking import mask_text
from tests.support.cpu import least_cpu_seconds

IVAN = Address("Иван Петров", "ivan.petrov@mail.example")


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize("unit", ["1", "8 ", "+7 701 ", "950630300121 ", "(8", "[PHONE_1"])
def test_a_megabyte_of_digits_takes_no_more_than_a_moment(unit: str) -> None:
    hostile = unit * (1_000_000 // len(unit))
    assert least_cpu_seconds(lambda: mask_text(hostile, ["Иван Петров"]), enough=3) <= 3


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize(
    "unit",
    ["4111 ", "тел ", "тел. 1", "паспорт 1", "a@a.aa", "@", "ул. А", "көш. 5 ", "\n[cut]", "Иван ", "KZ12 "],
)
def test_time_grows_only_with_the_length_of_a_hostile_text(unit: str) -> None:
    def seconds(size: int) -> float:
        hostile = unit * (size // len(unit))
        return least_cpu_seconds(lambda: mask_text(hostile, ["Иван Петров"]), tries=3)

    assert seconds(160_000) < 24 * max(seconds(20_000), 0.003)
