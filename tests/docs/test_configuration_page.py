"""The page of the YAML files writes each key once, in the order of its model, with the default the model has."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from llm_assets.domain.desk.queue import Category, Queue, Urgent
from llm_assets.domain.dialect import Dialect
from llm_assets.domain.profile import Capabilities, Files, Limits, PriceOverride, Profile, SoldRoutes
from llm_assets.domain.traffic.lanes import LaneRule, ReadingRules, RescueRules, RouteRules
from llm_assets.intake.records.mapping import Columns, DropRule
from llm_assets.usecases.mail.receive_form import FormSource
from resources.settings.environment import SHIPPED_CONFIG
from resources.settings.notifications import MailPlace, Notifications, WebhookPlace
from resources.settings.sources import ImapAccount, Sources
from tests.support.pages import coded, rows, section, text_of

PAGE = text_of("docs/reference/configuration.md")
MODELS: dict[str, type[BaseModel]] = {
    "## Queues": Queue,
    "### Categories of a queue": Category,
    "### Urgent mail of a queue": Urgent,
    "### Lanes": LaneRule,
    "### Routes": RouteRules,
    "### Reading": ReadingRules,
    "### Rescue": RescueRules,
    "## Provider profiles": Profile,
    "### Limits of a profile": Limits,
    "### Capabilities of a profile": Capabilities,
    "### Files of a profile": Files,
    "### Routes of a profile": SoldRoutes,
    "### Dialect of a profile": Dialect,
    "### Prices of a model": PriceOverride,
    "### IMAP accounts": ImapAccount,
    "### Drops": DropRule,
    "### Columns of a drop or form": Columns,
    "### Posted forms": FormSource,
    "### Mail": MailPlace,
    "### Webhooks": WebhookPlace,
}


class Key(NamedTuple):
    name: str
    default: str


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "–"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "below"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if value is None or value in ("", (), {}):
        return "none"
    if isinstance(value, dict):
        return f"`{{{', '.join(f'{name}: {one}' for name, one in value.items())}}}`"
    if isinstance(value, float) and value.is_integer():
        return f"`{int(value)}`"
    return f"`{', '.join(value)}`" if isinstance(value, tuple) else f"`{value}`"


def _declared(model: type[BaseModel]) -> Iterator[Key]:
    for name, field in model.model_fields.items():
        if (model, name) != (Profile, "name"):  # a profile's name is the key it stands under
            yield Key(name, _default(field))


@pytest.mark.parametrize("heading", MODELS)
def test_every_key_is_written_once_in_its_order_with_its_default(heading: str) -> None:
    table = rows(section(PAGE, heading).split("\n### ")[0])
    assert [Key(coded(key)[0], default) for key, default, _ in table] == list(_declared(MODELS[heading]))


def test_every_list_of_the_sources_and_every_file_has_its_part() -> None:
    assert set(coded(section(PAGE, "## Sources"))) >= set(Sources.model_fields)
    assert set(coded(section(PAGE, "## Notifications"))) >= set(Notifications.model_fields)
    assert {f.name for f in Path(SHIPPED_CONFIG).glob("*.yaml")} <= set(coded(PAGE))
