"""Names that are everyday words too, foreign streets, short local phones; and companies, institutions and crossings that stay."""

from collections.abc import Callable

import pytest

from llm_assets.engine.answers.rows import restored
from llm_assets.intake.pii.file_names import names_in_file_name
from llm_assets.intake.pii.masking import mask_text
from tests.support.cpu import least_cpu_seconds

HIDDEN = [
    ("Please ask Mary Stone or Jack Frost.", ("Mary", "Stone", "Jack", "Frost")),
    ("Grace Fields will sign, Mark Rivers has paid", ("Grace", "Fields", "Mark", "Rivers")),
    (
        "Dean Porter called, Holly Andersson and Joy Mensah too",
        ("Dean", "Porter", "Holly", "Andersson", "Joy", "Mensah"),
    ),
    ("Voisin: M. Alain Barbier.", ("Alain", "Barbier")),
    ("a red Fiat, BD51 SMR", ("BD51 SMR",)),
    ("from account 41926817 of mine", ("41926817",)),
    ("I met Frank Miller yesterday", ("Frank", "Miller")),
    ("Guests:\nJohnson Peter\nBaker Susan, 2 nights", ("Johnson", "Peter", "Baker", "Susan")),
    ("Ship to:\nRebecca Klein\nroom 4", ("Rebecca", "Klein")),
    ("name,position,start\nLong Mary,Driver,2026\nBell Jack,Cook,2026", ("Long", "Mary", "Bell", "Jack")),
    ("Вчера звонил Югай, а с ним Хегай", ("Югай", "Хегай")),
    ("Спросите Дмитрия Нам", (" Нам",)),
    ("Моего брата зовут Нам Олег", ("Нам", "Олег")),
    ("моя мама тен ольга", ("тен", "ольга")),
    ("Нам помогла Роза апай", ("Роза",)),
    ("адвокат Дорн К.Я. написал", ("Дорн", "Я.")),
    ("Mme Claire Petit et Sra. Ortega", ("Petit", "Ortega")),
    ("Имя файла Договор_Ким_Олег.docx", ("Ким", "Олег")),
    ("We live in Via Verdi 31, the flat is new", ("Via Verdi 31",)),
    ("Sie wohnt Am Brunnen 9 und Zur Linde 2a.", ("Am Brunnen 9", "Zur Linde 2a")),
    ("Rosenweg 4, Schillerplatz 11", ("Rosenweg 4", "Schillerplatz 11")),
    ("our house is 7 rue Jean Jaurès", ("Jaurès",)),
    (
        "Corso Italia 8; Place de la Liberté 6; Paseo de Gracia 12",
        ("Corso Italia 8", "Liberté 6", "Gracia 12"),
    ),
    ("Moda Mah. Lale Sk. 5", ("Lale Sk. 5",)),
    ("Пишу из дома: г. Тараз, ул. Сулейменова, д. 3", ("Тараз", "Сулейменова", "д. 3")),
    ("Привезите на Байтурсынова 85, звоните вечером", ("Байтурсынова 85",)),
    ("Мой номер 2-45-61, домашний 3-12-55", ("2-45-61", "3-12-55")),
    ("городской тел. 22-33-44 или тел. 4-11-07", ("22-33-44", "4-11-07")),
]
STAYS = [
    "Mark Long positions and the Grace Period, Rose Gold, Black Friday",
    "Olive Green, Jade Stone, Max Speed, Mark Down prices, Virginia Woods, Kent County",
    "Jack Daniels, Mary Kay, Calvin Klein and Marc O'Polo",
    "Henderson v. Anderson and Miller vs Carter",
    "Roberts University, Thomas Jefferson School, Theatre Auezov",
    "Сәтбаев университеті мен Байсеитова мектебі",
    "Нотариус Алматинского округа, судья Илийского районного суда",
    "угол Сатпаева и Байзакова",
    "закон Яровой, памятник Абаю, мост Султана",
    "Добрый день, Альтаир Банк!",
    "Dear Hiring Manager,",
    "Im Mai 2026, Am Freitag 12 Uhr, Via Telegram 5 people",
    "код 12-34-56, счёт 1-22-33, рабочий день 1-02-26",
]


@pytest.mark.parametrize(("text", "pieces"), HIDDEN)
def test_a_name_street_or_phone_is_masked_without_a_telling_word(text: str, pieces: tuple[str, ...]) -> None:
    masked = mask_text(text)
    assert not [piece for piece in pieces if piece in masked.text]
    assert restored(masked.text, masked.originals) == text


@pytest.mark.parametrize("text", STAYS)
def test_what_is_named_after_somebody_or_looks_like_it_stays(text: str) -> None:
    assert mask_text(text).text == text


def test_a_town_alone_stays_and_one_behind_its_residence_does_too() -> None:
    assert mask_text("Жду в г. Тараз до 5 мая").text == "Жду в г. Тараз до 5 мая"
    assert mask_text("Residence: Villa 9, Palm Road, Sharjah. Tel: none").text.endswith(
        ", Sharjah. Tel: none"
    )


def test_a_surname_beside_a_first_name_in_a_file_name_is_masked() -> None:
    name = "Договор_Ким_Олег.docx"
    assert [name[s.start : s.end] for s in names_in_file_name(name, 0, len(name))] == ["Ким_Олег"]


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize(
    "unit",
    [
        "Mary ",
        "Mark Long ",
        "Young ",
        "Via ",
        "Am Am ",
        "г. А, ",
        "a_",
        "_a.pdf",
        "1-22-33 ",
        "домашний ",
        "угол А и ",
        "цой ",
    ],
)
def test_time_grows_only_with_the_length_of_a_hostile_text(unit: str) -> None:
    def seconds(size: int) -> float:
        return _seconds(lambda: mask_text(unit * (size // len(unit))))

    assert min(seconds(160_000) for _ in range(3)) < 24 * max(seconds(20_000), 0.003)


def _seconds(work: Callable[[], object]) -> float:
    return least_cpu_seconds(work, tries=2)


def test_an_everyday_word_that_is_also_somebodys_name_stays_where_it_begins_a_thing() -> None:
    masked = mask_text(
        "I am Jack Black. The lamp of Black Friday came broken, the bill of lading too. Black"
    ).text
    assert masked == "I am [NAME_1]. The lamp of Black Friday came broken, the bill of lading too. [NAME_2]"


def test_a_full_name_before_a_capital_letter_is_masked_all_the_same() -> None:
    masked = mask_text("Jack Black came. Then Jack Black Friday evening called, and J. Black Support.").text
    assert "Black" not in masked
