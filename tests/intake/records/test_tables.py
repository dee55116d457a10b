"""Tables as offices and databases export them: titles above, sums below, escapes, odd line ends and charsets."""

import time

import pytest

from llm_assets.domain.mail.document import Message
from llm_assets.intake.item import read_item
from llm_assets.intake.records.drops import mapping_of, read_drop
from llm_assets.intake.records.mapping import DropRules


def read(data: str | bytes, name: str = "crm.csv") -> list[Message]:
    raw = data.encode() if isinstance(data, str) else data
    return [read_item(d.data, d.kind, d.place) for d in read_drop(raw, name=name)]


def texts(data: str | bytes) -> list[str]:
    return [m.new_text for m in read(data)]


@pytest.mark.parametrize(
    "above",
    [
        "Журнал обращений;;\n",
        "Журнал обращений\n\n",
        "\n;;\nОтчёт за неделю;;\nФилиал: Костанай;;\n;;\n",
        "Report of the week, branch 5, page 1\nFilter: all\n",
        "sep=;\nЖурнал;;\n",
    ],
)
def test_a_header_below_titles_and_empty_rows_is_found(above: str) -> None:
    data = f"{above}Номер;Текст обращения;Сумма\n31;Не греет батарея;700\n"
    assert texts(data) == ["Не греет батарея\n\nСумма: 700"]
    assert mapping_of(data.encode(), "a.csv", DropRules()) is not None, "it is no document"


def test_a_table_of_goods_below_a_title_stays_a_document() -> None:
    for data in (
        "Price list\n\nsku;name;price\n1;Lamp;900\n",
        "Отчёт;\nid;количество\n1;5\n",
        "Row Number,Description of the Row\n1,x\n",
    ):
        assert mapping_of(data.encode(), "a.csv", DropRules()) is None


@pytest.mark.parametrize(
    "below",
    [
        "Итого;;700",
        ";Всего обращений: 1;",
        "Grand Totals (1 records);;",
        "Барлығы: 1;;700",
        "Всего записей 1;;",
        "TOTAL;;",
    ],
)
def test_a_row_of_sums_is_no_record(below: str) -> None:
    assert texts(f"Номер;Текст обращения;Сумма\n31;Не греет батарея;700\n{below}\n;;\n") == [
        "Не греет батарея\n\nСумма: 700"
    ]


def test_a_customer_who_writes_of_a_total_is_a_record() -> None:
    rows = "id;text;email\n1;Total;a@post.example\n2;Итого списали 700, почему?;b@post.example\nTotal;Where is my bill?;\n;Всего доброго, верните деньги;\n"
    assert len(texts(rows)) == 4


def test_a_header_that_is_repeated_between_pages_is_no_record() -> None:
    assert texts("id;text\n1;One\nid;text\n2;Two\n") == ["One", "Two"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            '"id","text"\n"1","She wrote \\"no\\", and left"\n"2","Next"\n',
            ['She wrote "no", and left', "Next"],
        ),
        ('"id","text"\n"1","Two\\\nlines"\n"2",\\N\n', ["Two\nlines", ""]),
        ("id\ttext\n1\tTwo\\nlines\\tand \\\\ more\n2\t\\N\n", ["Two\nlines\tand \\ more", ""]),
        ('"id";"text"\n"1";"C:\\dir\\";\n', ["C:\\dir\\"]),
        ("id\ttext\n1\tC:\\new\\table\n", ["C:\\new\\table"]),
        ("id;text\n1;a\\nb\n", ["a\\nb"]),
        ('"id","text"\n"1","She wrote ""no"", and left"\n', ['She wrote "no", and left']),
    ],
)
def test_escapes_of_databases_are_undone_where_a_database_wrote_them(data: str, expected: list[str]) -> None:
    assert texts(data) == expected


@pytest.mark.parametrize("ends", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "cp1251"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_the_form_of_the_file_changes_no_record(ends: str, charset: str, delimiter: str) -> None:
    rows = ["Номер;Текст обращения;Город", '1;"Первая\nстрока";Тараз', "2;Вторая;", ""]
    data = ends.join(rows).replace(";", delimiter).encode(charset)
    assert texts(data) == ["Первая\nстрока\n\nГород: Тараз", "Вторая"]


def test_a_line_separator_of_unicode_ends_no_row_and_no_line() -> None:
    assert texts("id;text\n1;one\u2028two\u0085three\n") == ["one\u2028two\u0085three"]
    (form,) = read('{"id":"1","text":"one\u2028two"}\n', "f.jsonl")
    assert form.new_text == "one\u2028two"


def test_a_hundred_thousand_backslashes_and_quotation_marks_take_no_time() -> None:
    hostile = "id;text\n1;" + '\\"' * 300_000 + "\n"
    titles = "," * 500_000 + "\nid;text\n1;x\n"
    wide = ",".join(f"ваш вопрос {n}" for n in range(50_000)) + "\nid;text\n1;x\n"
    before = time.process_time()
    read(hostile)
    read(wide)
    read(titles)
    assert time.process_time() - before < 10


def test_the_last_line_of_a_copy_from_postgres_is_no_row() -> None:
    data = "id\tname\tmessage\n1\tAnna\tfirst\\nsecond\n\\.\n"
    assert texts(data) == ["first\nsecond"]


@pytest.mark.parametrize(
    "below", ["Итого заявок: 1", "Всего сообщений (1)", "Total tickets: 1", "Барлығы өтініш: 1"]
)
def test_a_count_of_records_is_no_record(below: str) -> None:
    assert texts(f"Дата;Клиент;Текст\n03.09.2026;Дана;Не греет батарея\n;;{below}\n") == ["Не греет батарея"]


def test_a_sentence_that_begins_with_a_sum_is_a_record() -> None:
    said = "Итого заявок было три, и ни на одну не ответили"
    assert texts(f"Клиент;Текст\nДана;{said}\n") == [said]
