"""`doctor` and `plan` warn of a queue file that leaves the model to guess, and neither fails for it."""

from pathlib import Path

import pytest

from tests.support.houses.house import TODAY, House

VAGUE = """
queues:
  - name: desk
    default: true
    reply_language: ru
    categories:
      - {name: loans}
      - {name: доставка, description: Вопросы о доставке, needs_reply: false}
      - {name: late, description: "Parcel late, courier did not come", needs_reply: false}
      - {name: parcel, description: "A courier came late with a parcel", needs_reply: false}
"""
SAYS = (
    'queue desk: "loans" has no description',
    'queue desk: the description of "доставка" says no more than the name',
    'queue desk: "late" and "parcel" overlap, both are about Parcel, late and courier',
    'queue desk: "loans" needs a reply without `reply_guidance`, and the queue has no `acknowledgement`',
)


@pytest.fixture
def vague(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "queues.yaml").write_text(VAGUE, "utf-8")
    return {"LLM_ASSETS_CONFIG": str(tmp_path)}


@pytest.mark.soak
def test_doctor_warns_of_each_and_does_not_fail(house: House, vague: dict[str, str]) -> None:
    ran = house.run("doctor", LLM_ASSETS_PROVIDER="emulator", **vague)
    lines = [line for line in ran.out.splitlines() if "categories" in line]
    assert len(lines) == len(SAYS)
    for line, said in zip(lines, SAYS, strict=True):
        assert line.lower().startswith(f"warn categories: {said}".lower())
    assert not any(line.startswith("FAIL categories") for line in ran.out.splitlines())


def test_a_plan_warns_of_each_before_anything_is_paid(house: House, vague: dict[str, str]) -> None:
    ran = house.run("plan", "--day", TODAY.isoformat(), "--json", LLM_ASSETS_PROVIDER="emulator", **vague)
    assert ran.code == 0, ran.err
    lines = [line.strip().lower() for line in ran.out.splitlines() if line.startswith("  queue ")]
    assert [line.startswith(said.lower()) for line, said in zip(lines, SAYS, strict=True)] == [True] * len(
        SAYS
    )
    assert [found["queue"] for found in ran.report["advice"]] == ["desk"] * len(SAYS)


def test_the_shipped_queues_are_called_described(house: House) -> None:
    ran = house.run("doctor", LLM_ASSETS_PROVIDER="emulator")
    [line] = [line for line in ran.out.splitlines() if "categories" in line]
    assert line == "ok   categories: 28 categories, each described and unlike the others"
    planned = house.run("plan", "--day", TODAY.isoformat(), "--json", LLM_ASSETS_PROVIDER="emulator")
    assert planned.report["advice"] == [] and "  queue " not in planned.out
