"""Advice about a valid queue file: what it warns of in three languages, and that it leaves good files alone."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from llm_assets.domain.desk.queue import Queue, Queues
from llm_assets.domain.desk.queue_advice import advice
from tests.support.repository import ROOT

Described = Mapping[str, str]

GOOD: dict[str, Described] = {
    "a clinic": {
        "appointment": "Booking, moving or cancelling a visit to a doctor: appointment, reschedule, free slot",
        "test_results": "Results of analyses that are late, missing or hard to read: blood test, X-ray, report",
        "prescription": "A new prescription or one that has run out: refill, dose, pharmacy refuses",
        "billing": "What a visit costs, an invoice or the insurer's refusal to pay",
        "complaint": "Dissatisfied with a doctor, a nurse or the waiting time",
        "other": "Anything else",
    },
    "ЖКХ": {
        "отопление": "Холодные батареи, нет тепла, слишком жарко, шумят трубы",
        "водоснабжение": "Нет воды, ржавая вода, слабый напор, прорвало кран",
        "показания": "Передать цифры со счётчика, счётчик сломан, срок поверки",
        "начисления": "Не согласны с суммой в квитанции, перерасчёт, долг, пеня",
        "подъезд": "Грязно на лестнице, не горит лампа, сломан лифт или домофон",
        "прочее": "Всё остальное",
    },
    "университет": {
        "қабылдау": "Оқуға түсу: құжат тапсыру мерзімі, грант, емтихан, өту балы",
        "жатақхана": "Бөлме алу, көрші, жөндеу, жатақхана ақысы",
        "оқу_ақысы": "Төлем кестесі, жеңілдік, қайтарым, түбіртек",
        "анықтама": "Оқитыны туралы қағаз, транскрипт, мұрағат көшірмесі",
        "кесте": "Сабақ уақыты, аудитория ауысуы, емтихан күні",
        "басқа": "Жоғарыда аталмаған нәрсе",
    },
    "close ones that differ in a word": {
        "loan_repayment_date": "On which day a loan repayment is taken",
        "loan_repayment_amount": "How much of a loan repayment is interest",
        "bill_we_received": "A supplier's bill that we have to pay",
        "bill_we_sent": "A customer disputes or cannot find the bill he got",
        "перевод_не_дошёл": "Получатель не видит денег, отправленных другому человеку",
        "перевод_по_ошибке": "Отправили деньги не тому, просят вернуть",
    },
    "one language beside another": {
        "гарантия": "Warranty repairs and their terms; ремонт по гарантии, сроки, талон; кепілдік жөндеу",
        "доставка": "Where a parcel is; где посылка, курьер, опоздал; сәлемдеме қайда",
    },
}

BARE: dict[str, tuple[str, ...]] = {
    "loans and cards": ("loans", "cards"),
    "кредиты": ("кредит",),
    "несие": ("несие", "карта", "аударым", "салым"),
}
REPEATING = [
    ("card_arrival", "Card arrival"),
    ("CardArrival", "Questions about the arrival of cards"),
    ("refund-request", "The customer requests a refund."),
    ("deliveries", "Mail about delivery"),
    ("spam", "spam"),
    ("возврат_товара", "Возврат товаров"),
    ("жалобы", "Письма, в которых жалоба"),
    ("вопросы по доставке", "Все вопросы по доставке"),
    ("төлем", "Төлемдер туралы сұрақтар"),
    ("тапсырыс_жеткізу", "Тапсырысты жеткізу туралы хаттар"),
    ("thanks", "Рахмет"),
    ("thanks", "—"),
]
OVERLAPPING = [
    ("Where a parcel is and when it comes", "When the parcels come and where they are now"),
    ("Parcel late, courier did not come", "Delivery: parcel, courier, late, tracking, pick-up point"),
    ("Broken or damaged goods", "Goods that are damaged or broken on arrival"),
    ("Списали деньги дважды с карты", "Деньги с карты списаны дважды, двойное списание"),
    ("Вернуть товар и деньги", "Возвращают деньги, если вернули товар"),
    ("Картаның жеткізілуі, курьер қашан келеді", "Курьер карта жеткізді ме, картаны қашан жеткізеді"),
    ("Оқу ақысын төлеу мерзімі", "Мерзімі өткен оқу ақысының төлемі"),
]


def queue(described: Described, **changes: object) -> Queue:
    categories = [{"name": n, "description": d, "needs_reply": False} for n, d in described.items()]
    return Queue.model_validate({"name": "desk", "categories": categories, **changes})


def says(described: Described) -> list[str]:
    return [found.says for found in advice([queue(described)])]


@pytest.mark.parametrize("described", GOOD.values(), ids=GOOD)
def test_a_queue_that_says_what_belongs_where_is_left_alone(described: Described) -> None:
    assert says(described) == []


@pytest.mark.parametrize(
    "path", sorted([*ROOT.glob("llm_assets/config/queues.yaml")]), ids=lambda path: path.name
)
def test_the_shipped_queues_need_no_advice(path: Path) -> None:
    shipped = Queues.model_validate(yaml.safe_load(path.read_text("utf-8")))
    assert advice(shipped.queues) == []


@pytest.mark.parametrize("names", BARE.values(), ids=BARE)
def test_categories_without_a_description_are_named_in_one_sentence(names: tuple[str, ...]) -> None:
    [found] = says({**dict.fromkeys(names, ""), "thanks": "Praise with nothing to answer"})
    assert "no description" in found and "thanks" not in found
    assert all(f'"{name}"' in found for name in names[:3])
    assert ("and 1 more" in found) is (len(names) > 3)


def test_a_catch_all_needs_no_description() -> None:
    assert says({"other": "", "прочее": "", "thanks": "Praise with nothing to answer"}) == []


@pytest.mark.parametrize(("name", "description"), REPEATING)
def test_a_description_that_repeats_its_name_is_noticed(name: str, description: str) -> None:
    [found] = says({name: description, "lifts": "A lift stands still or somebody is in it"})
    assert found.startswith(f'the description of "{name}" says no more than the name')


@pytest.mark.parametrize(("first", "second"), OVERLAPPING)
def test_categories_about_the_same_are_named_with_what_they_share(first: str, second: str) -> None:
    [found] = says({"aaa": first, "bbb": second, "lifts": "A lift stands still or somebody is in it"})
    assert found.startswith('"aaa" and "bbb" overlap, both are about ')


def test_a_word_that_most_categories_use_makes_no_two_of_them_alike() -> None:
    described = {
        "lost": "A bank card lost",
        "late": "A bank card late",
        "blocked": "A bank card blocked",
        "limit": "A bank card limit raised",
    }
    assert says(described) == []
    more = {**described, "second_limit": "Raising a limit"}
    assert [line.split(" overlap")[0] for line in says(more)] == ['"limit" and "second_limit"']


def test_only_the_first_pairs_are_spelled_out() -> None:
    found = says({f"same_{n}": f"Broken by the courier {'on arrival ' * n}" for n in range(3)})
    assert [("overlap, both" in line) for line in found] == [True] * 3
    found = says({"lift": "A lift stands still", "key": "A key is lost"} | _pairs(5))
    assert len(found) == 4 and found[-1] == "2 more pairs of categories overlap"


def _pairs(count: int) -> Described:
    words = ["late parcel", "wrong bill", "locked door", "dark lamp", "leaking pipe"][:count]
    turned = [" ".join(reversed(pair.split())) for pair in words]
    return {
        f"{side}_{n}": said for side, all_ in (("a", words), ("b", turned)) for n, said in enumerate(all_)
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "the queue has no `acknowledgement`"),
        ({"acknowledgement": {"en": "Received.", "ru": "Получено.", "kk": "Алынды."}}, None),
        ({"acknowledgement": {"en": "Received.", "ru": " "}}, "`acknowledgement` has no ru and kk"),
        ({"acknowledgement": {"ru": "Получено."}, "reply_language": "ru"}, None),
        (
            {"acknowledgement": {"en": "Received."}, "reply_language": "kk"},
            "the queue has no `acknowledgement`",
        ),
    ],
)
def test_a_reply_that_nobody_approved_is_noticed(changes: dict[str, object], expected: str | None) -> None:
    wanted = {"name": "lifts", "description": "A lift stands still", "needs_reply": True}
    answered = {"name": "keys", "description": "A key is lost", "reply_guidance": "Come at nine."}
    silent = {"name": "thanks", "description": "Praise to a technician", "needs_reply": False}
    desk = Queue.model_validate({"name": "desk", "categories": [wanted, answered, silent], **changes})
    found = [each.says for each in advice([desk])]
    if expected is None:
        assert found == []
    else:
        assert len(found) == 1
        assert '"lifts" needs a reply without `reply_guidance`' in found[0] and expected in found[0]
        assert "keys" not in found[0] and "thanks" not in found[0]


def test_advice_names_the_queue_and_keeps_the_order_of_the_file() -> None:
    bad = [queue({"loans": ""}, name=name) for name in ("z", "a")]
    assert [found.queue for found in advice(bad)] == ["z", "a"]
