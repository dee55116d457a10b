"""People who decide at the same time take different cases, and each still begins with what cannot wait."""

from dataclasses import replace

from llm_assets.usecases.review.queue.clusters import Cluster
from llm_assets.usecases.review.queue.turns import turns
from tests.usecases.review.test_clusters import ONE, doubt

NINE = [Cluster(f"k{n}", [doubt(n, proposal=f"p{n}")]) for n in range(1, 10)]


def cases(made: list[Cluster], after: str, held: dict[str, str], person: str = "amina") -> list[str]:
    return [m.case_id for m in turns(made, after, held, person)]


def key(number: int) -> str:
    return doubt(number).key


def test_who_works_alone_takes_them_in_order_and_comes_round_to_the_beginning() -> None:
    assert cases(NINE, "", {}) == [f"c{n}" for n in range(1, 10)]
    assert cases(NINE, key(8), {"c8": "amina"}) == ["c9", *(f"c{n}" for n in range(1, 8))]
    assert cases(NINE, key(77), {})[0] == "c1", "the case that was decided last is none of them any more"


def test_three_people_are_dealt_what_nobody_holds() -> None:
    held = {"c1": "amina", "c2": "boris", "c3": "clara"}
    taken = {who: cases(NINE, key(n), held, who)[:2] for n, who in ((1, "amina"), (2, "boris"), (3, "clara"))}
    assert taken == {"amina": ["c4", "c7"], "boris": ["c5", "c8"], "clara": ["c6", "c9"]}


def test_nobody_misses_a_case_and_what_a_colleague_holds_comes_last() -> None:
    found = cases(NINE, key(1), {"c1": "amina", "c2": "boris", "c5": "boris"})
    assert sorted(found) == [f"c{n}" for n in range(2, 10)]
    assert found[-2:] == ["c2", "c5"]
    assert cases(NINE, "", {"c1": "boris"})[0] != "c1"


def test_the_rest_of_a_cluster_is_taken_before_another() -> None:
    alike = Cluster("k1", [doubt(1), doubt(11), doubt(12)])
    found = cases([alike, *NINE[1:]], key(11), {"c11": "amina", "c2": "boris"})
    assert found[:2] == ["c12", "c1"]


def test_a_cluster_of_which_a_colleague_holds_one_is_left_to_them() -> None:
    alike = Cluster("k1", [doubt(1), doubt(11)])
    assert cases([alike, *NINE[1:]], "", {"c11": "boris"})[-2:] == ["c1", "c11"]


def test_a_case_in_doubt_in_two_steps_is_two_doubts() -> None:
    other = replace(ONE, step="extracted_fields")
    made = [Cluster("a", [ONE]), Cluster("b", [other])]
    assert [m.step for m in turns(made, ONE.key, {"c1": "amina"}, "amina")] == ["extracted_fields"]
