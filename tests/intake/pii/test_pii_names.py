"""People named without a word beside them, in tables, in file names and in the other script; what only looks like them."""

import pytest

from llm_assets.domain.mail.document import Address
from llm_assets.engine.answers.rows import restored
from llm_assets.intake.pii.file_names import names_in_file_name
from llm_assets.intake.pii.masking import mask_case, mask_text
from tests.intake.pii.test_pii import attachment, case, document
from tests.support.cpu import least_cpu_seconds

ALONE: list[tuple[str, tuple[str, ...]]] = [
    ("Потом трубку взяла Раушан и бросила", ("Раушан",)),
    ("Ключи остались у Виталика на складе", ("Виталика",)),
    ("Деньги переводил Оразбек Жумабаев", ("Оразбек", "Жумабаев")),
    ("Заявку подавал Пак Эдуард", ("Пак", "Эдуард")),
    ("За рулём был Хасенов", ("Хасенов",)),
    ("Шевцова провела платёж", ("Шевцова",)),
    ("А. Дюсенов уже оплатил, Пак И. ещё нет", ("Дюсенов", "Пак")),
    ("Прошу связаться с Н. Турсуновой", ("Турсуновой",)),
    ("Бұл туралы Гүлжанға айттым", ("Гүлжанға",)),
    ("Кеше Серікжан мен Айнагүл келіп кетті", ("Серікжан", "Айнагүл")),
    ("then Siobhan from your side promised a refund", ("Siobhan",)),
    ("Documents were signed by Zhanna Akhmetova and Yerzhan", ("Zhanna", "Akhmetova", "Yerzhan")),
    ("Maria Fernanda paid twice, A. Kim did not", ("Maria", "Fernanda", "Kim")),
    ("спросите АЛИЮ КАРИМОВУ", ("АЛИЮ", "КАРИМОВУ")),
]

LEFT_ALONE = [
    "ТОО «Асель и К», ИП «Динара», компания Madina Group, кафе Айгерим, отель Zhanna",
    "Hugo Boss, Max Mara, Uncle Ben's, Ernst & Young, Rose Gold, Grace period, May sale",
    "Ростов, Саратов, Азербайджан, Шымкент, Кировский район, Абай облысы",
    "отделение на Сатпаева, улица Розыбакиева, проспект Назарбаева",
    "Готов оплатить. Часов не хватает. Документов нет. Условия прежние",
    "Plan B. Delivery failed. Приложение А. Условия. Hepatitis B. Vaccine",
    "Вера в людей. Роман прочитан. Слава богу. Халыққа керек. Бақытты болыңыз",
    "Оператор Beeline, Toyota Camry, Отдел Кадров, Уважаемые коллеги, Kaspi Gold",
]


@pytest.mark.parametrize(("text", "hidden"), ALONE)
def test_a_name_that_stands_alone_is_masked_and_comes_back(text: str, hidden: tuple[str, ...]) -> None:
    masked = mask_text(text)
    assert not [piece for piece in hidden if piece in masked.text]
    assert restored(masked.text, masked.originals) == text


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_companies_places_and_everyday_words_are_nobodys_names(text: str) -> None:
    assert mask_text(text).text == text


def test_a_queue_may_keep_names_that_stand_alone() -> None:
    given = case(document("Раушан уволилась, меня зовут Асель"))
    assert "Раушан" not in mask_case(given).text
    kept = mask_case(given, bare_names=False).text
    assert "Раушан" in kept and "Асель" not in kept


SMALL = [
    ("меня зовут жанель ашимова, не могу войти", "меня зовут [NAME_1], не могу войти"),
    ("менің атым нұрай сапарова, көмектесіңіз", "менің атым [NAME_1], көмектесіңіз"),
    ("my name is daniel hughes and i lost it", "my name is [NAME_1] and i lost it"),
    ("моя жена карлыгаш звонила", "моя жена [NAME_1] звонила"),
    ("здравствуйте, сауле! вы писали", "здравствуйте, [NAME_1]! вы писали"),
    ("здравствуйте, когда вера в сервис вернётся", "здравствуйте, когда вера в сервис вернётся"),
    ("my name is not on the list", "my name is not on the list"),
]


@pytest.mark.parametrize(("text", "expected"), SMALL)
def test_a_name_in_small_letters_is_masked_behind_a_word_that_tells(text: str, expected: str) -> None:
    assert mask_text(text).text == expected


TABLES = [
    ("ФИО;Тел;Сумма\nЖидебай Нурай;5;6", "ФИО;Тел;Сумма\n[NAME_1];5;6"),
    ("№ | Сотрудник | Отдел\n1 | Цой Юлия | Касса", "№ | Сотрудник | Отдел\n1 | [NAME_1] | Касса"),
    ("Name\tPhone\nMing Zhao\t333", "Name\tPhone\n[NAME_1]\t333"),
    ("Name,Price\nGalaxy Tab,5", "Name,Price\nGalaxy Tab,5"),
    ("Клиент;Договор\nТОО Ромашка;5\nИтого;9", "Клиент;Договор\nТОО Ромашка;5\nИтого;9"),
    ("Аты-жөні\tБөлім\nТөлепберген Қаламқас\tСату", "Аты-жөні\tБөлім\n[NAME_1]\tСату"),
    ("Driver    Route\nTorsten Vik    Oslo", "Driver    Route\n[NAME_1]    Oslo"),
    ("ФИО\tМукашев Думан\nГород\tСемей", "ФИО\t[NAME_1]\nГород\tСемей"),
    ("Гость | Дата рождения\nЛев Жук | 01.02.2000", "Гость | Дата рождения\n[NAME_1] | [BIRTHDATE_1]"),
    ('{"client": "Абенова Жулдыз", "sum": 5}', '{"client": "[NAME_1]", "sum": 5}'),
    ("| ФИО |  Дата |\n|---|---|\n| Пак Лев | 1 |", "| ФИО |  Дата |\n|---|---|\n| [NAME_1] | 1 |"),
]


@pytest.mark.parametrize(("text", "expected"), TABLES)
def test_cells_under_a_heading_of_people_are_masked(text: str, expected: str) -> None:
    masked = mask_text(text, bare_names=False)
    assert masked.text == expected
    assert restored(masked.text, masked.originals) == text


FILE_NAMES = [
    ("Паспорт_Сапарова_Інжу.pdf", ["Сапарова_Інжу"]),
    ("Omarov Daulet udostoverenie.jpg", ["Omarov Daulet"]),
    ("CV Jane Holt 2026.pdf", ["Jane Holt"]),
    ("Петров И.И. заявление.doc", ["Петров И.И"]),
    ("резюме Жанар.docx", ["Жанар"]),
    ("справка о доходах.pdf", []),
    ("Договор_Каспий_2026.pdf", []),
    ("IMG_20260101_WA0003.jpg", []),
    ("Invoice KL-2026-0917.pdf", []),
]


@pytest.mark.parametrize(("name", "found"), FILE_NAMES)
def test_names_in_file_names_are_found(name: str, found: list[str]) -> None:
    assert [name[s.start : s.end] for s in names_in_file_name(name, 0, len(name))] == found


def test_the_name_of_an_attachment_is_masked_as_the_person_in_the_text() -> None:
    given = case(document("Я, Сапарова", attachments=(attachment("ФИО: Сапарова", "Паспорт_Сапарова.pdf"),)))
    masked = mask_case(given).text
    assert '<attachment name="Паспорт_[NAME_2].pdf">' in masked
    assert "Сапарова" not in masked


SCRIPTS = [
    ("Айгуль Сейтказина", "Card of Aygul Seitkazina", ("Aygul", "Seitkazina")),
    ("Айгүл Жақсыбаева", "Aigul Zhaksybayeva", ("Aigul", "Zhaksybayeva")),
    ("Dmitriy Oakov", "Дмитрию Окову", ()),
    ("Yerlan Tokhtarov", "от Ерлана Тохтарова", ("Ерлана", "Тохтарова")),
]


@pytest.mark.parametrize(("sender", "text", "hidden"), SCRIPTS)
def test_the_sender_is_known_in_the_other_script(sender: str, text: str, hidden: tuple[str, ...]) -> None:
    masked = mask_text(text, [sender], bare_names=False)
    assert not [piece for piece in hidden if piece in masked.text]


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        ("Юрист Алатау", "поставка для Алатау Трейд"),
        ("ТОО Алтын Дала", "поставка от Алтын Дала"),
        ("Beeline Казахстан", "тариф Beeline в Казахстане"),
        ("Support Team", "our Support Team"),
    ],
)
def test_words_of_a_company_that_writes_stay(sender: str, text: str) -> None:
    assert mask_text(text, [sender]).text == text


def test_a_person_in_a_companys_name_is_masked() -> None:
    assert mask_text("счёт от Иванова", ["Иванов и партнёры ТОО"]).text == "счёт от [NAME_1]"


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize(
    "unit",
    ["Иван ", "И. ", "A. Kim ", "ФИО\tТел\n", "(a) ", "кв 5 ", "муж аб ", "Zhanna ", "«Ив", "A. ", "@a "],
)
def test_a_megabyte_made_for_names_takes_no_more_than_moments(unit: str) -> None:
    hostile = unit * (1_000_000 // len(unit))
    assert least_cpu_seconds(lambda: mask_text(hostile, ["Ivan Petrov"]), enough=8) <= 8


def test_the_same_case_gives_the_same_masks() -> None:
    sender = Address("Раушан Ким", "r@mail.example")
    given = case(document("Раушан и Асель Омарова", sender=sender))
    assert mask_case(given) == mask_case(given)


@pytest.mark.parametrize(
    ("text", "sender", "masked"),
    [
        ("Holder: John Baker", "John Baker", "Holder: [NAME_1]"),
        ("Baker John came", "John Baker", "[NAME_1] came"),
        ("the baker of John Baker", "John Baker", "the baker of [NAME_1]"),
        ("Peter Cook wrote", "Cook Peter", "[NAME_1] wrote"),
        ("Bank Support wrote", "Bank Support", "Bank Support wrote"),
    ],
)
def test_a_senders_whole_name_is_one_person_although_its_words_are_everyday_ones(
    text: str, sender: str, masked: str
) -> None:
    assert mask_text(text, [sender]).text == masked


@pytest.mark.parametrize("phone", ["87015556677", "+7 705 111 22 33", "8 (701) 555-66-77"])
def test_a_phone_in_place_of_a_senders_address_is_no_part_of_the_name(phone: str) -> None:
    """A register's customer has a phone where a mail has an address; the answer names the customer without it."""
    given = document("Hello", sender=Address("Анна Ким", phone))
    masked = mask_case(case(given))
    assert 'from="[NAME_1] [PHONE_1]"' in masked.text
    assert masked.originals["[NAME_1]"] == "Анна Ким" and masked.originals["[PHONE_1]"] == phone
