"""Words, numbers, dates and money as the readers of one language write them. Forms and plural rules are CLDR's."""

import io
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_symbol
from babel.support import NullTranslations, Translations
from jinja2 import Environment, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from llm_assets.words.language import Language
from llm_assets.words.sentence import Sentence

CATALOGUES = Path(__file__).parent
_LONG_DAY = {"en": "EEEE, d MMMM y", "ru": "EEEE, d MMMM y 'г.'", "kk": "y 'ж.' d MMMM, EEEE"}
_CENTS_FROM = Decimal(1)
"""A smaller amount is shown with four decimals, because a night of a few requests costs tenths of a cent."""


class Words:
    """What a page says in one language. A text without a translation is said in English."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._locale = Locale(language)
        self._catalogue = _catalogue(language)

    def say(self, text: str, /, **values: Any) -> str:  # values: names, numbers, or sentences
        """A text of the catalogue with its values filled in."""
        said = (
            self._catalogue.gettext(text) if text else ""
        )  # gettext keeps the catalogue's head under no text
        return said % values if values else said

    def counted(self, singular: str, plural: str, count: int, /, **values: Any) -> str:
        """The form of a text that fits a count, which it names as `%(num)s`."""
        return self._catalogue.ngettext(singular, plural, count) % {"num": self.number(count), **values}

    def sentence(self, text: str) -> str:
        """A sentence made elsewhere, in this language where it was kept with its form."""
        form = text.form if isinstance(text, Sentence) else None
        if form is None:
            return self.say(text)
        values = {
            key: self.name(value) if value.isidentifier() else self.sentence(value)
            for key, value in form.values.items()
        }
        if form.count is None:
            return self.say(form.singular, **values)
        return self.counted(form.singular, form.plural, form.count, **values)

    def name(self, name: str) -> str:
        """A name of the platform's own, such as a step, or a configured one, in the form shown to readers."""
        return self.say(name.replace("_", " "))

    def language_name(self, code: str) -> str:
        return str(self._locale.languages.get(code, code))

    def number(self, value: float | Decimal) -> str:
        return str(format_decimal(value, locale=self._locale))

    def share(self, value: float | None) -> str:
        return "–" if value is None else str(format_percent(value, "#,##0.#%", locale=self._locale))

    def money(self, value: float | Decimal | None, currency: str = "USD") -> str:
        if value is None:
            return "–"
        amount = Decimal(str(value))
        digits = "0.00" if amount == 0 or abs(amount) >= _CENTS_FROM else "0.0000"
        form = f"¤#,##{digits}" if self.language == "en" else f"#,##{digits}\N{NO-BREAK SPACE}¤"
        sign = "¤¤\N{NO-BREAK SPACE}" if self.language == "en" and len(currency_sign(currency)) > 1 else "¤"
        return str(
            format_currency(
                amount, currency, form.replace("¤", sign), locale=self._locale, currency_digits=False
            )
        )

    def day(self, value: date) -> str:
        return str(format_date(value, "d MMM y", locale=self._locale))

    def weekday(self, value: date) -> str:
        return str(format_date(value, "EE d", locale=self._locale))

    def weekday_name(self, value: date) -> str:
        return str(format_date(value, "EEEE", locale=self._locale))

    def long_day(self, value: date) -> str:
        text = str(format_date(value, _LONG_DAY[self.language], locale=self._locale))
        return text[:1].upper() + text[1:]

    def moment(self, value: datetime) -> str:
        return f"{self.day(value.date())}, {format_time(value, 'HH:mm', tzinfo=value.tzinfo, locale=self._locale)}"

    def dress(self, environment: Environment) -> None:
        """Gives the templates of an environment these words."""
        environment.globals |= {"_": _escaping(self.say), "counted": _escaping(self.counted), "words": self}
        environment.filters |= {
            "n": self.number,
            "share": self.share,
            "money": self.money,
            "day": self.day,
            "weekday": self.weekday,
            "weekday_name": self.weekday_name,
            "long_day": self.long_day,
            "moment": self.moment,
            "name": self.name,
            "said": self.sentence,
            "language": self.language_name,
        }


def currency_sign(currency: str) -> str:
    """The sign that English readers know, such as $; the code of other currencies."""
    return str(get_currency_symbol(currency, locale="en"))


def _escaping(form: Callable[..., str]) -> Callable[..., str]:
    """The same for a template: in HTML the text is markup already and its values are escaped."""

    @pass_eval_context
    def say(context: EvalContext, /, *parts: Any, **values: Any) -> str:
        if not context.autoescape:
            return form(*parts, **values)
        return Markup(form(*parts, **{name: escape(value) for name, value in values.items()}))  # noqa: S704 - its values are escaped

    return say


@cache
def words_in(language: Language) -> Words:
    return Words(language)


def _catalogue(language: Language) -> NullTranslations:
    if language == "en":
        return NullTranslations()
    compiled = io.BytesIO()
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)
