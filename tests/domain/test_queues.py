"""Queues: which one a record goes to, and which configurations are refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from llm_assets.domain.desk.queue import Queues

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
