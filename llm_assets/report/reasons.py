"""Why a case waits for a person, in the words of the page. The tables and `report.json` keep the short names.

What belongs here: a phrase for each reason and for the detail beside it. What does not: the languages (`words/`).
"""

import re
from collections.abc import Callable, Mapping

from llm_assets.domain.mail.injection import INSTRUCTS
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.words.words import Words

WORDS: Mapping[str, str] = {
    "two_fit": "two categories fit equally well",
    "several_matters": "asks for several things at once",
    "too_little": "says too little to tell what it is about",
    "none_fits": "no category fits",
    "ambiguous": "more than one category is possible",
    "low_confidence": "the model is not sure of the category",
    "unknown_category": "the model named a category that does not exist",
    "not_in_text": "a value is not in the mail",
    "missing_fields": "a required value is missing",
    "unreadable_value": "a value cannot be read",
    "two_values": "one value was given twice",
    "value_not_in_quote": "a value does not follow from its passage",
    "impossible_date": "a date cannot be right",
    "not_a_deadline": "a date is no deadline",
    "bad_check_digit": "a registered number has a wrong check digit",
    "sum_mismatch": "an amount contradicts its document",
    "poor_scan": "a scan that could not be read well",
    "draft_defects": "the draft has defects",
    "no_guidance": "no approved text to answer with",
    "no_text": "no text to read",
    "unreadable": "the mail cannot be read",
    INSTRUCTS: "the mail gives the model instructions",
    "outdated_answer": "the answer is of a former form",
    Outcome.REFUSED: "the model declined to answer",
    Outcome.INVALID: "the model gave no usable answer",
    Outcome.CUT: "the answer was too long",
    Outcome.TOO_LARGE: "too long for the model",
}
DISAGREEMENTS: Mapping[str, str] = {
    "contested": "two people decided differently",
    "sent_back": "a person sent the answer back",
}
"""Why a case is disputed, beside the doubts."""
_SURE = re.compile(r"(?P<sure>[01]\.\d\d) for (?P<category>\S+)")
_SIGNALS = re.compile(r"[01]\.\d\d: (?P<names>.+)")
_JOINT = re.compile(r"(?<=[a-z])_(?=[a-z])")
_NAMES = re.compile(r"\w+(?:, \w+)*")


def readable(name: str) -> str:
    """A configured name in the form shown to readers."""
    return name.replace("_", " ")


def in_words(reason: str) -> str:
    """The phrase for a reason; the reason itself, made readable, for one of somebody's own step."""
    return WORDS.get(reason) or DISAGREEMENTS.get(reason, readable(reason))


def detail_in_words(reason: str, detail: str, words: Words) -> str:
    """What a step noted beside its reason, without codes; a detail of unknown form as it is."""
    match reason:
        case "two_fit" | "ambiguous":
            return _between(detail, " or ", lambda a, b: words.say("%(one)s or %(other)s", one=a, other=b))
        case "several_matters":
            return _between(detail, " and ", lambda a, b: words.say("%(one)s and %(other)s", one=a, other=b))
        case "too_little" | "none_fits":
            nearest = detail.removeprefix("nearest: ").replace(" or ", ", ")
            return words.say("nearest: %(categories)s", categories=readable(nearest)) if nearest else ""
        case "low_confidence" if sure := _SURE.fullmatch(detail):
            share, category = words.share(float(sure["sure"])), readable(sure["category"])
            return words.say("%(share)s sure of %(category)s", share=share, category=category)
    if reason == INSTRUCTS and (signals := _SIGNALS.fullmatch(detail)):
        detail = signals["names"]
    if _NAMES.fullmatch(detail):
        return ", ".join(words.name(name) for name in detail.split(", "))
    return words.say(_JOINT.sub(" ", detail))


def _between(detail: str, joint: str, join: Callable[[str, str], str]) -> str:
    """Two category names with the word between them in the reader's language."""
    one, found, other = detail.partition(joint)
    return join(readable(one), readable(other)) if found else readable(detail)
