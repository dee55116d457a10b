"""People, papers and addresses told by the words around them, in three languages; what only looks like them stays."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from llm_assets.domain.desk.queue import Category, Queue, Queues
from llm_assets.domain.mail.document import Case, Document, Priority, Received, Role
from llm_assets.domain.traffic.lanes import ReadingRules
from llm_assets.engine.answers.rows import restored
from llm_assets.intake.pii.masking import mask_case, mask_text
from llm_assets.intake.read import read_bytes
from llm_assets.intake.records.mapping import DropRules
from llm_assets.usecases.mail.file_cases import cases_in
from llm_assets.usecases.mail.mask import masked_preview
from tests.support.cpu import least_cpu_seconds

QUEUES = Queues(queues=(Queue(name="bank", default=True, categories=(Category(name="other"),)),))
HIDDEN: list[tuple[str, tuple[str, ...]]] = [
    ("ИИК KZ86125KZT5004100101 с опечаткой", ("KZ86125KZT5004100101",)),
    ("my IBAN is DE88 3704 0044 0532 0130 00", ("DE88 3704 0044 0532 0130 00",)),
    ("Dear Mr. Harrington, thank you for your call.", ("Harrington",)),
    ("Dear Olivia, I write again.", ("Olivia",)),
    ("My name is Oliver Brandt and I lost my card.", ("Oliver", "Brandt")),
    ("My wife, Margaret Holloway, holds the second card.", ("Margaret", "Holloway")),
    ("Kind regards,\nPeter Lindqvist", ("Peter", "Lindqvist")),
    ("Best regards,\nJ. Whitmore\nSales", ("Whitmore",)),
    ("Contact person: Susan Oakley", ("Susan", "Oakley")),
    ("I spoke to your colleague Ms Thornton yesterday.", ("Thornton",)),
    ("Full name: Daniel Robert Kessler\nDate of birth: 01.02.1980", ("Daniel", "Kessler")),
    ("Beneficiary: Ivan Petrov", ("Ivan", "Petrov")),
    ("Уважаемая Гульнара Сериковна!", ("Гульнара", "Сериковна")),
    ("Уважаемый господин Ковальчук,", ("Ковальчук",)),
    ("Меня зовут Елена Викторовна Морозова.", ("Елена", "Морозова", "Викторовна")),
    ("Ф.И.О.: Сидоренко Павел Игоревич", ("Сидоренко", "Павел", "Игоревич")),
    ("ФИО Сидоренко Павел Игоревич, прошу вернуть деньги", ("Сидоренко", "Павел", "Игоревич")),
    ("Прошу выдать карту моей жене Ахметовой Динаре Маратовне.", ("Ахметовой", "Динаре", "Маратовне")),
    ("С уважением,\nКузнецова А. В.", ("Кузнецова",)),
    ("С уважением, Тимур Абдрахманов", ("Тимур", "Абдрахманов")),
    ("Директор ТОО «Альфа» Жумабаев К.Т.", ("Жумабаев",)),
    ("Получатель: Иванова Мария Петровна", ("Иванова", "Мария", "Петровна")),
    (
        "Я, Смагулов Ерлан Бекович, паспорт N 12345678, прошу закрыть счёт.",
        ("Смагулов", "Ерлан", "Бекович", "12345678"),
    ),
    ("Контактное лицо: Баранова Ольга", ("Баранова", "Ольга")),
    ("Заявитель — Ким Виктор Львович", ("Ким", "Виктор", "Львович")),
    ("Менің атым Нұрлан Сәтбаев.", ("Нұрлан", "Сәтбаев")),
    ("Құрметті Айгүл Маратқызы!", ("Айгүл", "Маратқызы")),
    ("Аты-жөні: Жұмағұлов Бауыржан Серікұлы", ("Жұмағұлов", "Бауыржан", "Серікұлы")),
    ("Т.А.Ә.: Оспанова Гүлнәр", ("Оспанова", "Гүлнәр")),
    ("Мен, Қасымов Дәурен Ерланұлы, картамды жоғалттым.", ("Қасымов", "Дәурен", "Ерланұлы")),
    ("Құрметпен,\nСәуле Ибраева", ("Сәуле", "Ибраева")),
    ("Жұбайым Әлия Нұрғалиева атына карта шығарыңыз.", ("Әлия", "Нұрғалиева")),
    ("Удостоверение личности № 034567891 выдано МВД РК", ("034567891",)),
    ("уд. личности 034567891 от 12.03.2018", ("034567891",)),
    ("УЛ № 034567891", ("034567891",)),
    ("Жеке куәлік № 034567891", ("034567891",)),
    ("жеке куәлігім 034567891, ІІМ берген", ("034567891",)),
    ("Identity card No. 034567891", ("034567891",)),
    ("ID card number: 034567891", ("034567891",)),
    ("ID: N12345678 (passport)", ("N12345678",)),
    ("Passport No. N12345678, issued 01.02.2020", ("N12345678",)),
    ("Паспорт РФ 45 08 123456 выдан ОВД", ("45 08 123456",)),
    ("паспорт серия 4508 номер 123456", ("4508", "123456")),
    ("Паспорт: серия 45 08 № 123456", ("45 08", "123456")),
    ("паспорт серии MP 1234567", ("1234567",)),
    ("Төлқұжат № N12345678", ("N12345678",)),
    ("водительское удостоверение № AB 123456", ("AB 123456",)),
    ("Driver's licence number BX 123456", ("BX 123456",)),
    ("жүргізуші куәлігі AB 123456", ("AB 123456",)),
    ("СНИЛС 112-233-445 95", ("112-233-445 95",)),
    ("ИНН 7707083893", ("7707083893",)),
    ("ИНН физлица 500100732259", ("500100732259",)),
    ("свидетельство о рождении № 1234567", ("1234567",)),
    ("ИИН 880412300125", ("880412300125",)),
    ("IIN: 880412 300125", ("880412 300125",)),
    ("Card 4111 1111 1111 1111, exp 09/28", ("4111 1111 1111 1111",)),
    ("Карта 4111-1111-1111-1111", ("4111-1111-1111-1111",)),
    ("KZ86125KZT5004100100", ("KZ86125KZT5004100100",)),
    ("IBAN KZ86 125K ZT50 0410 0100", ("KZ86 125K ZT50 0410 0100",)),
    ("тел. 8 (727) 250-12-34", ("250-12-34",)),
    ("+7 701 234 56 78", ("701 234 56 78",)),
    ("87012345678", ("87012345678",)),
    ("ұялы: 8-701-234-56-78", ("701-234-56-78",)),
    ("call me at 555 0134 5566 please", ("555 0134",)),
    ("a.b+c@mail.example.kz", ("a.b+c@mail.example.kz",)),
    ("иван@почта.рф", ("иван@почта.рф",)),
    ("write to john (at) mail (dot) example", ("john (at) mail",)),
    ("Живу: г. Алматы, ул. Абая, д. 15, кв. 7", ("Абая, д. 15", "кв. 7")),
    ("ул. Сатпаева 22/1, кв 5", ("Сатпаева 22/1",)),
    ("улица Толе би, дом 301", ("Толе би, дом 301",)),
    ("пр. Достык, 5", ("Достык, 5",)),
    ("мкр. Самал-2, д. 33, кв. 12", ("Самал-2", "33")),
    ("микрорайон Аксай-4, дом 17", ("Аксай-4, дом 17",)),
    ("8 мкр, дом 5, кв 3", ("дом 5",)),
    ("проспект Аль-Фараби 77/8", ("Аль-Фараби 77/8",)),
    ("Абай көшесі, 15-үй, 7-пәтер", ("15-үй", "7-пәтер")),
    ("Қабанбай батыр даңғылы 53", ("батыр даңғылы 53",)),
    ("Алматы қаласы, Төле би көшесі 301 үй", ("Төле би көшесі 301",)),
    ("Самал-2 ықшамауданы, 33 үй, 12 пәтер", ("33 үй",)),
    ("I live at 24 Maple Street, Apt 5", ("24 Maple Street",)),
    ("221B Baker Street, London", ("221B Baker Street",)),
    ("15 Abay Avenue, flat 7, Almaty 050000", ("15 Abay Avenue",)),
    ("Address: 10 Long Acre Rd, Bristol BS1 4DJ", ("10 Long Acre",)),
    ("Abay st. 15, apt 7", ("Abay st. 15",)),
    ("Адрес: Алматы, Абая 15-7", ("Абая 15-7",)),
    ("адрес доставки: г. Астана, Мангилик Ел 55, кв 12", ("Мангилик Ел 55",)),
    ("Мекенжайым: Шымкент, Тәуке хан 12, 5 пәтер", ("Тәуке хан 12",)),
    ("Hi Marta, could you check?", ("Marta",)),
    ("Please ask Mrs. Eleanor Whitfield, she signed the contract.", ("Eleanor", "Whitfield")),
    ("I'm writing for my mother Rosalind Pike (born 1950).", ("Rosalind", "Pike")),
    ("Passenger: HOLLOWAY/MARGARET MRS", ("HOLLOWAY",)),
    ("Ship to: Daniel Kessler, 14 Birch Lane", ("Kessler", "14 Birch Lane")),
    ("The account of Thomas Berg was blocked", ("Thomas", "Berg")),
    ("Yours,\nNina", ("Nina",)),
    ("Signature: Paul Oster", ("Oster",)),
    ("Card in the name of KEVIN MILLER", ("KEVIN", "MILLER")),
    ("Заявление от Петровой Анны Ильиничны", ("Петровой", "Анны", "Ильиничны")),
    ("от гр. Смирнова Павла Олеговича", ("Смирнова", "Павла")),
    ("Добрый день, Асель Маратовна!", ("Асель", "Маратовна")),
    ("меня зовут дмитрий", ("дмитрий",)),
    ("Мой сын Артём Волков потерял карту", ("Артём", "Волков")),
    ("Передайте документы Юлии Сергеевне", ("Юлии", "Сергеевне")),
    ("Счёт открыт на имя Каримов Азамат", ("Каримов", "Азамат")),
    ("Плательщик: Ли Светлана", ("Ли Светлана",)),
    ("Подпись: ________ /Нургалиев Б.С./", ("Нургалиев",)),
    ("Курьер Ерболат не приехал", ("Ерболат",)),
    ("ИП Садыкова Жанар", ("Садыкова", "Жанар")),
    ("Менің есімім Айдос Тілеубек", ("Айдос", "Тілеубек")),
    ("Қызым Аружан Бекова оқуға түсті", ("Аружан", "Бекова")),
    ("Өтініш беруші: Сейітова Меруерт", ("Сейітова", "Меруерт")),
    ("Қайырлы күн, Дана ханым!", ("Дана",)),
    ("Ерлан Сәбитұлының шоты", ("Ерлан", "Сәбит")),
    ("Ескендірова Г.Қ. атынан", ("Ескендірова",)),
    ("УДОСТОВЕРЕНИЕ ЛИЧНОСТИ 045678912", ("045678912",)),
    ("удв 045678912", ("045678912",)),
    ("№ удостоверения: 045678912", ("045678912",)),
    ("документ: паспорт, номер N09876543", ("N09876543",)),
    ("загран 75 1234567", ("1234567",)),
    ("Проживаю: г. Караганда, Бухар-Жырау 45, кв. 3", ("Бухар-Жырау 45",)),
    ("мекенжайы: Ақтау қ., 12 ықшамаудан, 5 үй, 77 пәтер", ("5 үй",)),
    ("Deliver to Flat 3, 18 Rose Court, Leeds", ("18 Rose Court",)),
]


@pytest.mark.parametrize(("text", "values"), HIDDEN, ids=[text for text, _ in HIDDEN])
def test_what_somebody_is_known_by_is_hidden_and_comes_back(text: str, values: tuple[str, ...]) -> None:
    masked = mask_text(text)
    assert [value for value in values if value in masked.text] == []
    assert restored(masked.text, masked.originals) == text


STAYS = [
    "Dear Sir or Madam, when will it arrive?",
    "Dear Customer Service, hello Team!",
    "Уважаемые коллеги! Уважаемый клиент,",
    "Уважаемая служба поддержки, добрый день!",
    "Здравствуйте! Когда придёт карта?",
    "Құрметті әріптестер! Сәлеметсіз бе!",
    "Құрметті банк қызметкерлері, көмектесіңіз",
    "С уважением,\nслужба поддержки",
    "Спасибо, Алматы ждёт.",
    "Thanks,\nThe team",
    "I am very sorry, but the U.S. Code says otherwise",
    "Me and my wife were in Astana.",
    "Менеджер не перезвонил, оператор тоже",
    "Курьер Kaspi не приехал",
    "Получатель: ТОО «Альфа Строй»",
    "Customer: LLP Altyn",
    "Name: Sugar 5 kg",
    "Отлична работа курьера, основна причина ясна",
    "обращение ЖТ-2026-77",
    "Адрес сайта: altyn.example, раздел 5",
    "по адресу электронной почты не отвечают 5 дней",
    "живу в 5 минутах от офиса",
    "Документ № 123456789 от 12.11.2026",
    "заказ ID 4711, order id 12345",
    "водительское удостоверение потеряно 12.11.2026",
    "8 мкр перекрыт, дом стоит",
    "Good morning, the card does not work",
    "мен картамды жоғалттым, ұлым оқиды",
]


@pytest.mark.parametrize("text", STAYS)
def test_what_only_looks_like_a_person_a_paper_or_an_address_stays(text: str) -> None:
    assert mask_text(text).text == text


def test_a_person_told_once_is_hidden_wherever_they_are_named_again() -> None:
    masked = mask_text(
        "Моя сестра Асель Каримова была у вас. Асель ждёт, у Каримовой нет карты. Позвоните Асель!"
    )
    assert "Асель" not in masked.text
    assert "Карим" not in masked.text


def test_a_person_has_the_same_mask_each_time() -> None:
    masked = mask_text("Dear Olivia, I write again. I spoke to Olivia.")
    assert masked.text == "Dear [NAME_1], I write again. I spoke to [NAME_1]."


def test_the_preview_is_the_case_as_it_is_sent(tmp_path: Path) -> None:
    """Sender, subject, file names and attachments included, and not a word more."""
    mail = tmp_path / "1.eml"
    mail.write_text(
        "From: Oliver Brandt <oliver@post.example>\nTo: a@bank.example\nSubject: Card of Oliver\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nCall +44 20 7946 0018\n--b\nContent-Type: text/plain\n"
        "Content-Disposition: attachment; filename=Brandt.txt\n\nOliver Brandt, 24 Maple Street\n--b--\n"
    )
    [message] = read_bytes(mail.read_bytes(), path=str(mail))
    [shown] = masked_preview(cases_in(mail, DropRules()), ReadingRules(), QUEUES)
    arrived = datetime(2026, 11, 20, 9, tzinfo=UTC)
    received = Received("inbox", "1.eml", arrived.date(), "0" * 64, "mail", arrived)
    placed = Document(received, message, "bank", Priority.NORMAL, "case1", Role.FIRST)
    assert shown == mask_case(Case("case1", "r1", arrived.date(), "bank", Priority.NORMAL, (placed,))).text
    assert shown.startswith("<case>") and "Subject" not in shown
    assert [word for word in ("Oliver", "Brandt", "7946", "Maple") if word in shown] == []


@pytest.mark.parametrize(
    "unit",
    [
        "Dear Anna ",
        "И. И. ",
        "Анна Ивановна ",
        "ФИО: ",
        "Ms Xy Zw ",
        "адрес: Абая 1 ",
        "A",
        "Aa ",
        "мкр 5 ",
        "x (at) y ",
        "(at) ",
    ],
)
def test_time_grows_only_with_the_length_of_a_hostile_text(unit: str) -> None:
    assert least_cpu_seconds(lambda: mask_text((unit * 30_000)[:30_000]), enough=2) <= 2
