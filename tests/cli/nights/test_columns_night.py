"""What a model is asked about a register's row and a posted form, as the emulator recorded it: every further column by its
name, personal ones masked."""

import json
import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from llm_assets.emulator import start
from tests.support.houses.endpoint import NOONDAY, Endpoint, Place
from tests.support.houses.house import House
from tests.support.mail.written_workbook import workbook
from tests.support.providers.recorded import texts

pytestmark = pytest.mark.slow

REGISTER = (
    "Реестр заявок;;;;;;\nНомер;Суть обращения;ФИО;Моб. тел.;Сумма;Договор;Контактное лицо;Доп. телефон;Комментарий оператора;Пусто\n"
    "K-31;Верните комиссию за октябрь;Оспан Дана;+7 701 222 11 00;4500,50;8812/26;Сыдыков Арман Болатович;"
    "8 702 333 44 55;Звонила дважды;\n"
)
SHEET = [["ID", "Message", "Branch", "Amount"], ["W-1", "The till took my note", "Karaganda North", 12400.9]]
TYPEFORM: dict[str, Any] = {
    "form_response": {
        "definition": {"fields": [{"id": "a", "title": "Your question"}, {"id": "b", "title": "Which lift?"}, {"id": "c", "title": "Card"}]},
        "answers": [
            {"type": "text", "text": "Why does it stop?", "field": {"id": "a"}},
            {"type": "choice", "choice": {"label": "The left one"}, "field": {"id": "b"}},
            {"type": "text", "text": "4111 1111 1111 1111", "field": {"id": "c"}},
        ],
    }
}  # fmt: skip
SHOWN = (
    *(
        "Сумма: 4500,50",
        "Договор: 8812/26",
        "Комментарий оператора: Звонила дважды",
        "Контактное лицо: [NAME_",
    ),
    *(
        "Доп. телефон: [PHONE_",
        "Branch: Karaganda North",
        "Amount: 12400.9",
        "Which lift?: The left one",
        "Card: [CARD_",
    ),
    *("Этаж: 7", "Подъезд: 2", "IBAN: [IBAN_", "colour: red"),
)
HIDDEN = ("Оспан", "Сыдыков", "702 333", "4111 1111", "KZ86 125K", "Пусто")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    folder: Path = tmp_path_factory.mktemp("columns")
    record = folder / "record.jsonl"
    running = start(folder / "emulator", record=record, latency=0.0, exit_with_parent=os.getpid())
    place = Place(folder)
    try:
        day = posted(place.endpoint())
        inbox = place.settings.home / "inbox"
        inbox.mkdir(parents=True)
        (inbox / "register.csv").write_bytes(REGISTER.encode("cp1251"))
        (inbox / "sheet.xlsx").write_bytes(workbook(SHEET))
        for path in inbox.iterdir():
            noon = datetime.now().timestamp()
            os.utime(path, (noon, noon))
        house = House(place.settings.home, running, {"LLM_ASSETS_TIMEZONE": NOONDAY})
        ran = house.night(day=day)
        assert ran.report["totals"]["documents"] == 5, ran.err
        yield list(texts(record))
    finally:
        place.close()
        running.stop()


def posted(endpoint: Endpoint) -> date:
    """Three web forms in the three encodings."""
    browser = urlencode(
        [("message", "Лифт стоит"), ("Этаж", "7"), ("fields[a][title]", "Подъезд"), ("fields[a][value]", "2")]
    )
    multipart = (
        '--x\r\nContent-Disposition: form-data; name="message"\r\n\r\nI was charged twice\r\n'
        '--x\r\nContent-Disposition: form-data; name="IBAN"\r\n\r\nKZ86 125K ZT50 0410 0100\r\n'
        '--x\r\nContent-Disposition: form-data; name="answers[colour]"\r\n\r\nred\r\n--x--\r\n'
    )
    said = [
        endpoint.post(json.dumps(TYPEFORM).encode()),
        endpoint.post(browser.encode(), content_type="application/x-www-form-urlencoded"),
        endpoint.post(multipart.encode(), content_type="multipart/form-data; boundary=x"),
    ]
    assert [s.status for s in said] == [201] * 3, [s.body for s in said]
    return date.fromisoformat(said[0].json["day"])


@pytest.mark.sampled(every=2)
@pytest.mark.parametrize("words", SHOWN)
def test_every_further_column_reaches_the_model_by_its_name(asked: list[str], words: str) -> None:
    assert any("<case>" in text and words in text for text in asked)


def test_what_is_personal_in_them_is_masked(asked: list[str]) -> None:
    everything = "\n".join(asked)
    assert [words for words in HIDDEN if words in everything] == []
