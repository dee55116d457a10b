"""Words and patterns of languages as data: a YAML file beside the module that uses it, checked when it is loaded.

Here are the loader and the type of a list; what the words mean is written in each file. A module loads its file once,
when it is imported. Every value in a file is text: `no` and `12` are words.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    ValidationError,
    field_validator,
)

from llm_assets.domain.errors import ConfigurationError

LANGUAGES = ("en", "ru", "kk")
"""Each list has words of these, or says why it has none. Other languages may be added under their ISO 639-1 codes, and
what is of no language under `any`."""
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""The one in C where PyYAML was built with it; it makes no numbers, dates or truth values of words."""
_LITERAL = re.compile(r"(?:[^\\.^$*+?{}\[\]|()]|\\[^\w])+")
_REPEATED = ("?", "*", "{")


class WordFile(BaseModel):
    """Base of the model of a file or of a part of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Missing(WordFile):
    """In place of a language's words."""

    why: str = Field(min_length=10)


def _split(value: object) -> object:
    return value.split() if isinstance(value, str) else value


def _form(value: object) -> str:
    return "missing" if isinstance(value, Mapping | Missing) else "words"


Words = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_split), Field(min_length=1)
]
"""A list, or a text whose words are separated by white space."""
Content = TypeVar("Content")
OrMissing = Annotated[
    Annotated[Content, Tag("words")] | Annotated[Missing, Tag("missing")], Discriminator(_form)
]
_Language = Annotated[str, Field(pattern=r"^(?:[a-z]{2}|any)$")]


class ByLanguage(RootModel[dict[_Language, OrMissing[Words]]]):
    """A list of words or patterns for each language."""

    model_config = ConfigDict(frozen=True)

    @field_validator("root")
    @classmethod
    def _complete(cls, lists: dict[str, tuple[str, ...] | Missing]) -> dict[str, tuple[str, ...] | Missing]:
        require_languages(lists)
        for language, words in lists.items():
            if isinstance(words, tuple) and (twice := sorted({w for w in words if words.count(w) > 1})):
                raise ValueError(f"{language} holds {twice[0]} twice")
        return lists

    def of(self, *languages: str) -> tuple[str, ...]:
        """The entries of these languages in their order; those of all when none is named."""
        lists = (self.root.get(language) for language in languages or self.root)
        return tuple(word for words in lists if isinstance(words, tuple) for word in words)

    def pattern(self, *languages: str) -> str:
        """Source of a regular expression that matches one of the entries, which are expressions themselves."""
        return f"(?:{'|'.join(map(one_line, self.of(*languages)))})"

    def literal(self, *languages: str) -> str:
        """The same for entries that are plain words."""
        return f"(?:{'|'.join(map(re.escape, self.of(*languages)))})"

    def beginnings(self, *languages: str) -> tuple[str, ...]:
        """The plain letters with which the entries begin, for a search without regular expressions."""
        return tuple(dict.fromkeys(beginning(entry) for entry in self.of(*languages)))


def one_line(pattern: str) -> str:
    """An expression that its file spreads over several lines, without the line ends."""
    return pattern.replace("\n", "")


def require_languages(lists: Mapping[str, Any]) -> None:
    """Raises ValueError where a language of `LANGUAGES` is neither there nor said to be missing."""
    absent = [language for language in LANGUAGES if language not in lists]
    if absent:
        raise ValueError(f"lacks {', '.join(absent)}: add words, or `why` there are none")


def beginning(pattern: str) -> str:
    """The plain text in lower case with which every match of an expression begins. Raises ValueError for none."""
    found = _LITERAL.match(pattern)
    parts = re.findall(r"\\.|.", found.group(), re.DOTALL) if found is not None else []
    if found is not None and pattern.startswith(_REPEATED, found.end()):
        parts.pop()
    if not parts:
        raise ValueError(f"{pattern} has to begin with plain letters, by which a text is searched first")
    return "".join(part[-1] for part in parts).lower()


Model = TypeVar("Model", bound=BaseModel)


def load_words(path: Path, model: type[Model]) -> Model:
    """A file's content. Raises ConfigurationError that names the file and the first wrong key."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 it makes text only
        return model.model_validate(content)
    except OSError as err:
        raise ConfigurationError(f"cannot read {path}: {err.strerror}; install the package anew") from err
    except (yaml.YAMLError, UnicodeDecodeError) as err:
        raise ConfigurationError(f"{path} is not valid YAML: {err}; correct the file") from err
    except ValidationError as err:
        problem = err.errors(include_input=False)[0]
        where = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise ConfigurationError(f"{path}: {where}: {problem['msg']}") from err
