"""`sources.yaml`: what its comments show is right, and a mistake names its place."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from llm_assets.domain.errors import ConfigurationError
from resources.settings.environment import SHIPPED_CONFIG, Settings
from resources.settings.sources import Sources, load_sources

FORM = {"name": "contact", "token_env": "CONTACT_TOKEN"}


def uncommented() -> dict[str, Any]:
    """The shipped file with its examples in force."""
    lines = (SHIPPED_CONFIG / "sources.yaml").read_text(encoding="utf-8").splitlines()
    inner = [line[2:] for line in lines if line.startswith(("#   ", "# imap:", "# drops:", "# forms:"))]
    found: dict[str, Any] = yaml.safe_load("\n".join(inner))
    return found


def loaded(folder: Path, content: dict[str, Any]) -> Sources:
    (folder / "sources.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_sources(Settings(config=folder))


def test_the_shipped_file_declares_nothing_and_its_examples_are_valid(tmp_path: Path) -> None:
    assert load_sources(Settings()) == Sources()
    found = loaded(tmp_path, uncommented())
    assert [rule.match for rule in found.drops] == ["crm-*.csv"]
    assert [form.name for form in found.forms] == ["contact"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"forms": [FORM, FORM]}, "the name contact is used twice"),
        ({"forms": [FORM | {"token": "abc"}]}, "forms.0.token"),
        ({"forms": [FORM | {"name": "Con/tact"}]}, "forms.0.name"),
        ({"forms": [FORM | {"fields": {"text": 7}}]}, "forms.0.fields.text"),
        ({"drops": [{"match": "*.csv", "column": {}}]}, "drops.0.column"),
        ({"drops": [{"match": "*.csv", "dates": ["tomorrow"]}]}, "drops.0.dates.0"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, content: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match="sources.yaml") as failed:
        loaded(tmp_path, content)
    assert says in str(failed.value)
