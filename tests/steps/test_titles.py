"""A document's own title says its type; what it says of other documents does not."""

import pytest

from llm_assets.steps.extracted_fields.titles import titled

TITLES = [
    ("invoice", "Firm «Aray»\nСчет получателя 40702810\nСчет на оплату № 15 от 12 мая 2026 г.\nДоговор: без договора"),
    ("invoice", "Commercial invoice\nContract No 5 of 3 May"),
    ("invoice", "Төлеуге арналған шот № 5"),
    ("act", "Акт выполненных работ № 5 по договору № 3"),
    ("act", "AKT Ne 96\nвыполненных работ"),  # Latin letters, as Tesseract reads capitals
    ("act", "Орындалған жұмыстар актісі № 5"),
    ("reconciliation", "Акт сверки взаимных расчетов"),
    ("reconciliation", "Салыстыру актісі"),
    ("contract", "Supply contract No 15"),
    ("contract", "ДОГОВОР ПОСТАВКИ\nг. Алматы\nСогласно счету № 7"),
    ("contract", "Сатып алу-сату шарты № 7"),
    ("waybill", "Delivery note\nInvoice No 8"),
    ("waybill", "Товарно-транспортная накладная № 8"),
    ("receipt", "Түбіртек № 8"),
    ("receipt", "Кассовый чек\nИТОГО 500"),
    ("statement", "Bank statement\n1 May to 31 May"),
    ("statement", "Выписка по счету № 40702810"),
    ("letter", "Исх. № 15 от 1 мая"),
    ("letter", "Dear Mr Oak,\nthe invoice no 5 has not come."),
    ("letter", "Құрметті Айгүл!\nШот № 5 келмеді."),
    ("letter", "Уважаемые коллеги!\nСообщаем, что договор расторгнут."),
]  # fmt: skip
UNTITLED = [
    "Приложение № 1 к договору № 5",
    "Основание: договор № 5",
    "Счет: KZ12 3456",
    "Расчетный счет 40702810",
    "We have reached an agreement with the bank",
    "the invoice of May",
    "Minutes of the meeting",
    "",
]


@pytest.mark.parametrize(("kind", "text"), TITLES)
def test_a_title_names_the_type(kind: str, text: str) -> None:
    assert titled(text) == kind


@pytest.mark.parametrize("text", UNTITLED)
def test_a_mention_is_no_title(text: str) -> None:
    assert titled(text) is None
