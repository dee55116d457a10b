"""Registers that number their rows from 1, through whole nights: told apart by file, and the same one delivered again
under its name, grown, is the same one."""

from datetime import timedelta

import pytest

from llm_assets.domain.desk.tables import DOCUMENTS
from tests.support.houses.small_desk import DAY, NIGHT, NOON, SmallDesk

pytestmark = pytest.mark.slow

HEAT = ("1;Не греет батарея;dana@posteo.example", "2;Холодно в подъезде;erlan@posteo.example")
LIFTS = ("1;Шумит лифт;asel@posteo.example", "2;Лифт стоит;marat@posteo.example")


def register(*rows: str) -> bytes:
    return "\n".join(["№;Текст обращения;E-mail;Дом", *(f"{row};14А" for row in rows), ""]).encode()


class Nights:
    def __init__(self, desk: SmallDesk) -> None:
        self.desk = desk

    def work(self, number: int, **files: bytes) -> tuple[int, dict[str, str], int]:
        """The night after these registers came: requests answered, what was read by place, documents of the report."""
        day = DAY + timedelta(days=number)
        for name, data in files.items():
            self.desk.drop(f"{name}.csv", data, NOON + timedelta(days=number))
        self.desk.clock.now = NIGHT + timedelta(days=number)
        before = self.desk.executed()
        assert self.desk.materialize(day=day).success
        read = {row["place"]: row["new_text"].partition("\n")[0] for row in self.desk.rows(DOCUMENTS, day)}
        return self.desk.executed() - before, read, self.desk.report(day)["totals"]["documents"]


def test_two_registers_with_the_same_numbers_lose_no_row_and_grow_under_their_names(small: SmallDesk) -> None:
    nights = Nights(small)
    asked, read, documents = nights.work(0, heat=register(*HEAT), lifts=register(*LIFTS))
    assert asked > 0 and documents == 4
    assert read == {
        "crm:1": "Не греет батарея",
        "crm:2": "Холодно в подъезде",
        "crm:1@inbox/lifts.csv": "Шумит лифт",
        "crm:2@inbox/lifts.csv": "Лифт стоит",
    }
    first = {row["place"]: row["record_id"] for row in small.rows(DOCUMENTS, DAY)}
    assert len(set(first.values())) == 4

    grown = register(*LIFTS, "3;Кнопка залипает;olzhas@posteo.example")
    asked, read, documents = nights.work(1, heat=register(*HEAT), lifts=grown)
    assert (set(read.values()), documents) == ({"Кнопка залипает"}, 1), (
        "only the new row is a record of this night"
    )

    changed = register("1;Шумит лифт, третий день;asel@posteo.example", *LIFTS[1:])
    asked, read, documents = nights.work(2, lifts=changed)
    assert read == {"crm:1@inbox/lifts.csv": "Шумит лифт, третий день"} and documents == 1
    (row,) = small.rows(DOCUMENTS, DAY + timedelta(days=2))
    assert row["record_id"] == row["supersedes"] == first["crm:1@inbox/lifts.csv"]


@pytest.mark.soak
def test_a_register_that_comes_when_the_numbers_are_taken_is_told_apart_as_well(small: SmallDesk) -> None:
    nights = Nights(small)
    nights.work(0, lifts=register(*LIFTS))
    _, read, documents = nights.work(1, heat=register(*HEAT), lifts=register(*LIFTS))
    assert documents == 2 and set(read) == {"crm:1@inbox/heat.csv", "crm:2@inbox/heat.csv"}
    assert nights.work(2, heat=register(*HEAT)) == (0, {}, 0)


@pytest.mark.soak
def test_a_file_that_gives_its_numbers_to_other_people_replaces_nobody(small: SmallDesk) -> None:
    nights = Nights(small)
    small.receive({"new.csv": register(*HEAT)})
    assert nights.work(0, new=register(*LIFTS))[2] == 4, "two deliveries of a day under one name"
    assert nights.work(1, new=register(*LIFTS)) == (0, {}, 0)


@pytest.mark.soak
def test_a_register_of_the_next_day_with_the_same_customers_has_their_records(small: SmallDesk) -> None:
    nights = Nights(small)
    nights.work(0, friday=register(*HEAT))
    _, read, _ = nights.work(1, saturday=register(HEAT[0], "2;Теперь тепло, спасибо;erlan@posteo.example"))
    assert read == {"crm:2": "Теперь тепло, спасибо"}
