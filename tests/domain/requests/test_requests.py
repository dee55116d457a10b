"""Requests: the id that decides what is paid for, and the id that proves which request a result line answers."""

import re
from dataclasses import replace

import pytest

from llm_assets.domain.digest import DIGEST_LENGTH, digest
from llm_assets.domain.profile import Tier
from llm_assets.domain.requests.request import BATCH_ID_LENGTH, CustomId, Request

REQUEST = Request(
    step="categories",
    model="gpt-6-luna",
    tier=Tier.CHEAP,
    system="You sort mail.",
    user="<case>Где моя карта?</case>",
    schema={"type": "object", "properties": {"category": {"enum": ["a", "b"]}}},
    max_tokens=2048,
    prompt_version="v1",
)


def test_the_id_of_a_request_is_the_same_in_every_process_and_version() -> None:
    assert replace(REQUEST).request_id == REQUEST.request_id
    assert REQUEST.request_id == "cece9ebd8b0d34a4c94c95c8"


@pytest.mark.parametrize(
    "changes",
    [
        {"step": "drafts"},
        {"model": "gpt-6.1-terra"},
        {"system": "You sort mail well."},
        {"user": "<case>Где моя карта</case>"},
        {"schema": {"type": "object", "properties": {"category": {"enum": ["a", "c"]}}}},
        {"max_tokens": 4096},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_every_part_the_answer_depends_on_changes_the_id(changes: dict[str, object]) -> None:
    assert replace(REQUEST, **changes).request_id != REQUEST.request_id


@pytest.mark.parametrize("changes", [{"tier": Tier.STRONG}, {"prompt_version": "v2"}])
def test_what_only_describes_the_request_does_not(changes: dict[str, object]) -> None:
    assert replace(REQUEST, **changes).request_id == REQUEST.request_id


def test_parts_cannot_be_moved_into_each_other() -> None:
    moved = replace(REQUEST, system=REQUEST.system + REQUEST.user, user="")
    assert moved.request_id != REQUEST.request_id


@pytest.mark.parametrize("attempt", [1, 9, 999])
def test_a_custom_id_comes_back_as_it_went(attempt: int) -> None:
    sent = CustomId(digest("batch")[:BATCH_ID_LENGTH], REQUEST.request_id, attempt)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(sent))
    assert CustomId.parse(str(sent)) == sent


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unknown-0",
        f"{'a' * 12}-{'b' * 24}",
        f"{'a' * 12}-{'b' * 24}-1x",
        f"{'a' * 12}-{'b' * 24}-1\n",
        f"{'A' * 12}-{'b' * 24}-1",
        f" {'a' * 12}-{'b' * 24}-1",
        f"{'a' * 11}-{'b' * 24}-1",
    ],
)
def test_what_is_not_an_id_of_ours_is_none(text: str) -> None:
    assert CustomId.parse(text) is None


def test_a_digest_ignores_the_order_of_keys_and_nothing_else() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest(["a", "b"]) != digest(["b", "a"])
    assert digest(1) != digest("1")
    assert len(digest("")) == DIGEST_LENGTH


def test_text_that_is_not_even_unicode_has_a_digest_too() -> None:
    assert digest("\udcff") != digest("\udcfe")
