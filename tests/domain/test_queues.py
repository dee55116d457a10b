"""Queues: which one a record goes to, and which configurations are refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from llm_assets.domain.desk.queue import Category, Queue, Queues

CATEGORY = {"name": "other"}


def queue(name: str, *mailboxes: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "mailboxes": mailboxes, "categories": [CATEGORY], **changes}


def queues(*items: dict[str, Any]) -> Queues:
    return Queues.model_validate({"queues": items})


TWO = queues(
    queue("cards", "Cards@Bank.example", "kartochki@bank.example"),
    queue("office", "office@bank.example", default=True),
)


@pytest.mark.parametrize(
    ("addresses", "name"),
    [
        pytest.param(["cards@bank.example"], "cards", id="case of letters means nothing"),
        pytest.param(["CARDS@BANK.EXAMPLE"], "cards", id="nor in the mail"),
        pytest.param(["friend@home.example", "cards@bank.example"], "cards", id="strangers are passed over"),
        pytest.param(
            ["office@bank.example", "cards@bank.example"], "office", id="the first configured one decides"
        ),
        pytest.param(["friend@home.example"], "office", id="nobody known: the default"),
        pytest.param([], "office", id="no address: the default"),
    ],
)
def test_the_first_configured_address_decides(addresses: list[str], name: str) -> None:
    assert TWO.for_addresses(addresses).name == name


def test_a_queue_that_is_not_configured_is_a_key_error() -> None:
    assert TWO.named("cards").name == "cards"
    with pytest.raises(KeyError, match="shop"):
        TWO.named("shop")


def test_a_category_is_found_by_name_or_not_at_all() -> None:
    cards = TWO.named("cards")
    assert cards.category("other") is not None
    assert cards.category("Other") is None


@pytest.mark.parametrize(
    ("items", "says"),
    [
        pytest.param([queue("a"), queue("b")], "exactly one queue", id="no default"),
        pytest.param([queue("a", default=True), queue("b", default=True)], "found 2", id="two defaults"),
        pytest.param([queue("a", default=True), queue("a")], "share a name", id="a name twice"),
        pytest.param(
            [queue("a", "x@b", default=True), queue("b", "X@B")], "two queues", id="a mailbox twice"
        ),
        pytest.param(
            [queue("a", default=True, categories=[CATEGORY, CATEGORY])], "twice", id="a category twice"
        ),
        pytest.param([queue("a", default=True, categories=[])], "categories", id="no category"),
        pytest.param([queue("A B", default=True)], "pattern", id="a name that is no name"),
        pytest.param(
            [queue("a", default=True, review_bellow=0.5)], "review_bellow", id="a misspelled setting"
        ),
        pytest.param(
            [queue("a", default=True, review_below=1.5)], "less than or equal", id="an impossible threshold"
        ),
        pytest.param(
            [queue("a", default=True, reply_language="de")], "reply_language", id="a language we do not write"
        ),
        pytest.param([], "queues", id="no queue"),
    ],
)
def test_a_wrong_configuration_is_refused_with_its_place(items: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        queues(*items)


# Names that changed

RENAMED = queues(
    queue("payments", was=["transfers", "wires"], categories=[{"name": "recall", "was": "cancel"}, CATEGORY]),
    queue("office", "office@bank.example", default=True, was="desk"),
)


def test_a_former_name_leads_to_the_queue_that_has_another_now() -> None:
    assert {name: RENAMED.current(name) for name in ("wires", "transfers", "payments", "desk", "gone")} == {
        "wires": "payments",
        "transfers": "payments",
        "payments": "payments",
        "desk": "office",
        "gone": "gone",
    }
    assert RENAMED.named("wires").name == "payments"
    assert RENAMED.for_addresses(["transfers"]).name == "payments"
    found = RENAMED.named("transfers").category("cancel")
    assert found is not None and found.name == "recall"


def test_stored_rows_are_shown_under_the_names_of_today() -> None:
    row = {"queue": "wires", "category": "cancel", "runner_up": None, "case_id": "a"}
    assert RENAMED.former_names.present(row) == {
        "queue": "payments",
        "category": "recall",
        "runner_up": None,
        "case_id": "a",
    }
    other = {"queue": "office", "category": "cancel"}
    assert RENAMED.former_names.present(other) == other
    assert not TWO.former_names


@pytest.mark.parametrize(
    ("items", "word"),
    [
        pytest.param(
            [queue("a", default=True), queue("b", was="a")], "another one now", id="the old name is in use"
        ),
        pytest.param([queue("a", default=True, was="a")], "or its own", id="its own name"),
        pytest.param(
            [queue("a", default=True, was="x"), queue("b", was=["y", "x"])], "so does a", id="claimed by two"
        ),
        pytest.param(
            [queue("a", default=True, categories=[{"name": "n", "was": "other"}, CATEGORY])],
            "queue a: category n",
            id="a category's old name is in use",
        ),
    ],
)
def test_a_name_that_is_new_and_old_is_refused(items: list[dict[str, Any]], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        queues(*items)


def test_a_closed_night_still_knows_what_was_removed() -> None:
    old = Queue.model_validate(queue("wires", review_below=0.9))
    lost = [Category(name="cheques")]
    known = TWO.remembering([(old, lost), (TWO.named("cards"), lost)])
    assert known.named("wires").review_below == 0.9
    assert known.named("wires").category("cheques") is not None
    assert known.named("cards").category("cheques") is not None
    assert [c.name for c in known.named("cards").categories] == ["other"]
    assert not known.has("wires") and known.for_addresses(["wires"]).name == "office"
    with pytest.raises(KeyError):
        TWO.named("wires")


def test_what_was_renamed_is_not_remembered_as_removed() -> None:
    old = Queue.model_validate(queue("wires"))
    known = RENAMED.remembering([(old, [Category(name="cancel"), Category(name="cheques")])])
    assert known.gone == {}
    [*_, cheques] = [known.named("payments").category(name) for name in ("cancel", "cheques")]
    assert cheques is not None and cheques.name == "cheques"
