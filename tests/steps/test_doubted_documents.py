"""Documents that contradict themselves: an answer that copies them faithfully is doubted all the same."""

import pytest

from llm_assets.domain.desk.step import Doubt
from llm_assets.steps.extracted_fields.step import EXTRACTED_FIELDS
from tests.steps.field_answers.marks import Said, answer
from tests.support.nights.step_cases import attachment, given

INVOICE: dict[str, Said] = {
    "document_type": ("invoice", "Счёт на оплату № 5"),
    "document_number": ("5", "№ 5"),
    "document_date": ("2026-11-12", "12.11.2026"),
}
HEAD = "Счёт на оплату № 5 от 12.11.2026\n"


def doubt(document: str, **said: Said) -> Doubt | None:
    return EXTRACTED_FIELDS.doubt(
        given("Счёт во вложении", attachments=[attachment(document)]), answer(INVOICE | said)
    )


@pytest.mark.parametrize(
    ("lines", "amount"),
    [
        pytest.param("Стол\t2\t1 000,00\t2 000,00\nИтого: {} тенге", "2 000,00", id="sum of lines"),
        pytest.param(
            "1\tСтол\t2\t1 000,00\t2 000,00\n2\tСтул\t3\t500,00\t1 500,00\nИтого: {}\nНДС 12%: 375,00",
            "3 500,00",
            id="sum of lines with tax inside",
        ),
        pytest.param(
            "Стол 2 x 1000 = 2000\nНДС 12%: 240,00\nВсего к оплате: {}", "2 240,00", id="sum of lines and tax"
        ),
        pytest.param("Сумма без НДС: 50 000\nНДС: 6 000\nВсего: {}", "56 000", id="net and tax"),
        pytest.param("Итого: {}\nНаличные: 5 000\nСдача: 800", "4 200", id="cash and change"),
        pytest.param("TOTAL {}\nCASH 50.00\nCHANGE 7.50", "42.50", id="cash and change in English"),
        pytest.param("Барлығы: {}\nҚолма-қол: 2 000\nҚайтарым: 550", "1 450", id="cash and change in Kazakh"),
    ],
)
def test_a_total_that_contradicts_its_parts_goes_to_a_person(lines: str, amount: str) -> None:
    right = amount.replace(" ", "").replace(",", ".")
    wrong = f"1{amount}"
    assert doubt(HEAD + lines.format(amount), amount=(right, amount)) is None
    assert doubt(HEAD + lines.format(wrong), amount=(f"1{right}", wrong)) == Doubt("sum_mismatch", "amount")


@pytest.mark.parametrize(
    "lines",
    [
        "Стол\t2\t1 000,00\t2 000,00\nСкидка 10%: 200,00\nИтого: 1 800,00",
        "Стол\t2\t1 000,00\t2 000,00\nДоставка\t300,00\nИтого: 1 800,00",
        "Стол\t2\t1 000,00\t2 000,00\nСборка\t500,00\nИтого: 1 800,00",
        "Subtotal 1 800,00\nIncluding VAT 12% 192,86\nTotal 1 800,00",
        "Итого: 1 800,00\nВ том числе НДС 12%: 192,86",
        "Итого наименований 3, на сумму 1 800,00",
        "Наличные: 1 000,00\nКарта: 900,00\nСдача: 100,00\nИтого: 1 800,00",
        "Обед\t1 800,00",
        "К оплате 1 800,00, оплатить нужно до 1 декабря 2026 года.",
    ],
)
def test_parts_that_do_not_say_enough_contradict_nothing(lines: str) -> None:
    assert doubt(HEAD + lines, amount=("1800.00", "1 800,00")) is None


@pytest.mark.parametrize(
    ("written", "day"),
    [("12.11.2078", "2078-11-12"), ("22 ноября 2026 г.", "2026-11-22"), ("12.11.1989", "1989-11-12")],
)
def test_a_document_from_the_future_or_from_long_ago_goes_to_a_person(written: str, day: str) -> None:
    document = f"Счёт на оплату № 5 от {written}"
    assert doubt(document, document_date=(day, written), amount=("10", "№ 5")) is not None
    only = answer({"document_date": (day, written)})
    about = given("Счёт во вложении", attachments=[attachment(document)])
    assert EXTRACTED_FIELDS.doubt(about, only) == Doubt("impossible_date", "document_date")


def test_a_document_of_the_next_day_may_be_from_a_zone_ahead() -> None:
    about = given("Счёт № 5 от 21.11.2026")
    assert EXTRACTED_FIELDS.doubt(about, answer({"document_date": ("2026-11-21", "21.11.2026")})) is None


@pytest.mark.parametrize(
    ("name", "value", "quote", "doubted"),
    [
        ("customer_name", "ТОО «Кедр»", "ТОО «Кедр», БИН 050140001230", True),
        ("customer_name", "ТОО «Кедр»", "ТОО «Кедр»", False),
        ("request_number", "KZ86 125K ZT50 0410 0101", "счёта KZ86 125K ZT50 0410 0101", True),
        ("request_number", "KZ86 125K ZT50 0410 0100", "счёта KZ86 125K ZT50 0410 0100", False),
    ],
)
def test_a_registered_number_with_a_wrong_check_digit_goes_to_a_person(
    name: str, value: str, quote: str, doubted: bool
) -> None:
    found = EXTRACTED_FIELDS.doubt(given(f"Вопрос от {quote}."), answer({name: (value, quote)}))
    assert found == (Doubt("bad_check_digit", name) if doubted else None)


@pytest.mark.parametrize("label", ["Sub Total", "Subtotal", "Sub-total"])
def test_a_subtotal_is_not_the_total(label: str) -> None:
    document = f"{HEAD}Design 20 h x 150,00 = 3 000,00\n{label}: 3 000,00\nTax 18%: 540,00\nTotal: 3 540,00\n"
    assert doubt(document, amount=("3540", "Total: 3 540,00")) is None
    assert doubt(document, amount=("3000", f"{label}: 3 000,00")) == Doubt("sum_mismatch", "amount")
