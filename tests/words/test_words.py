"""Numbers, plurals, dates, money and sentences as readers of each language write them."""

import copy
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import orjson
import pytest
from jinja2 import Environment

from llm_assets.domain.errors import ConfigurationError
from llm_assets.words.language import LANGUAGES, Language
from llm_assets.words.sentence import Sentence, sentence_of
from llm_assets.words.words import Words, words_in

FRIDAY = date(2026, 11, 20)
NBSP = "\N{NO-BREAK SPACE}"

FORMS = [
    ("en", {0: "0 cases", 1: "1 case", 2: "2 cases", 1234: "1,234 cases"}),
    (
        "ru",
        {
            1: "1 обращение",
            2: "2 обращения",
            5: "5 обращений",
            11: "11 обращений",
            21: "21 обращение",
            1234: f"1{NBSP}234 обращения",
        },
    ),
    ("kk", {1: "1 өтініш", 5: "5 өтініш"}),
]


@pytest.mark.parametrize(("language", "forms"), FORMS)
def test_a_noun_follows_its_number(language: Language, forms: dict[int, str]) -> None:
    words = words_in(language)
    assert {n: words.counted("%(num)s case", "%(num)s cases", n) for n in forms} == forms


DAYS = [
    ("en", "Friday, 20 November 2026", "20 Nov 2026", "20 Nov 2026, 06:12"),
    ("ru", "Пятница, 20 ноября 2026 г.", "20 нояб. 2026", "20 нояб. 2026, 06:12"),
    ("kk", "2026 ж. 20 қараша, жұма", "20 қар. 2026", "20 қар. 2026, 06:12"),
]


@pytest.mark.parametrize(("language", "long", "short", "moment"), DAYS)
def test_a_day_is_written_as_its_readers_write_it(
    language: Language, long: str, short: str, moment: str
) -> None:
    words = words_in(language)
    at = datetime(2026, 11, 20, 6, 12, tzinfo=ZoneInfo("Asia/Almaty"))
    assert (words.long_day(FRIDAY), words.day(FRIDAY), words.moment(at)) == (long, short, moment)


MONEY = [
    ("en", "USD", "0", "$0.00"),
    ("en", "USD", "0.00123", "$0.0012"),
    ("en", "USD", "1234.5", "$1,234.50"),
    ("en", "KZT", "1234.5", f"KZT{NBSP}1,234.50"),
    ("ru", "USD", "12.5", f"12,50{NBSP}$"),
    ("kk", "KZT", "1234.5", f"1{NBSP}234,50{NBSP}₸"),
]


@pytest.mark.parametrize(("language", "currency", "amount", "said"), MONEY)
def test_small_amounts_keep_their_tenths_of_a_cent(
    language: Language, currency: str, amount: str, said: str
) -> None:
    assert words_in(language).money(Decimal(amount), currency) == said


def test_a_text_nobody_has_translated_is_said_in_english() -> None:
    assert words_in("ru").say("the ship has sailed at 100%") == "the ship has sailed at 100%"
    assert words_in("ru").say("") == "", "the head of a catalogue is its text without words"


def test_a_value_may_have_any_name() -> None:
    words = words_in("en")
    assert words.say("By rule: %(text)s", text="All is well.", self="") == "By rule: All is well."
    assert words.counted("%(num)s %(count)s", "%(num)s %(count)ss", 2, count="case") == "2 cases"


def test_a_sentence_is_english_text_that_is_said_again_in_another_language() -> None:
    said = Sentence("%(num)s case in %(step)s", "%(num)s cases in %(step)s", 5, step="extracted_fields")
    assert said == "5 cases in extracted_fields" and orjson.loads(orjson.dumps([said])) == [said]
    for each in (said, copy.deepcopy(said)):
        assert words_in("ru").sentence(each) == "5 обращений на шаге «извлечённые поля»"
        assert words_in("en").sentence(each) == "5 cases in extracted fields"
    both = Sentence("%(why)s: %(more)s", why="over the budget", more="5 % {left} %(now)s")
    assert words_in("kk").sentence(both) == "бюджеттен асады: 5 % {left} %(now)s"


def test_a_page_names_its_values_as_it_likes() -> None:
    pages = Environment(autoescape=True)
    words_in("en").dress(pages)
    form = "{{ _('By rule: %(text)s%(context)s', text='a', context='b') }} {{ counted('%(count)s', '%(plural)s', 2, count=1, plural='c') }}"
    assert pages.from_string(form).render() == "By rule: ab c"
    assert words_in("en").sentence(Sentence("%(form)s", form="x y")) == "x y"


def test_a_refusal_is_said_in_the_readers_language() -> None:
    error = ConfigurationError(Sentence("the text has more than %(most)s characters; shorten it", most="9"))
    assert str(error) == "the text has more than 9 characters; shorten it"
    assert words_in("ru").sentence(sentence_of(error)) == "в тексте больше 9 знаков; сократите его"
    assert sentence_of(ConfigurationError("plain")) == "plain" and sentence_of(ConfigurationError()) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_value_is_escaped_in_html_and_the_text_is_not(language: Language) -> None:
    pages = Environment(autoescape=True)
    Words(language).dress(pages)
    shown = pages.from_string("{{ _('by %(model)s', model=name) }}{{ counted('a <b>', 'b', 1) }}")
    html = shown.render(name="<script>")
    assert "&lt;script&gt;" in html and html.endswith("a <b>")
