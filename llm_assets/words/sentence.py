"""A sentence that is English text for every program and can still be said to a person in another language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Form:
    singular: str
    plural: str
    count: int | None
    values: dict[str, str]


class Sentence(str):
    """English text made of a form of the catalogue and its values. It compares, sorts and is stored as that text."""

    __slots__ = ("form",)
    form: _Form | None

    def __new__(cls, form: str, plural: str = "", count: int | None = None, /, **values: str) -> "Sentence":
        """`form` with `%(name)s` for each value; with `count` also its plural, `%(num)s` is the count."""
        wanted = form if count is None or count == 1 else plural
        given = values if count is None else {"num": f"{count:,}", **values}
        made = super().__new__(cls, wanted % given if given else wanted)
        made.form = _Form(form, plural, count, values) if given else None
        return made

    def __getnewargs__(self) -> tuple[str]:
        return (str(self),)

    def __deepcopy__(self, _: dict[int, object]) -> "Sentence":
        return self


def sentence_of(error: Exception) -> str:
    """What an error says: its sentence with form and values where it was made of one, else its text."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, Sentence) else str(error)
