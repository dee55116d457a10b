"""Why a case waits for a person, in the words of the page. The tables and `report.json` keep the short names.

What belongs here: a phrase for each reason. What does not: the details, which each step words itself.
"""

from collections.abc import Mapping

from llm_assets.domain.mail.injection import INSTRUCTS
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.report.charts import readable

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


def in_words(reason: str) -> str:
    """The phrase for a reason; the reason itself, made readable, for one of somebody's own step."""
    return WORDS.get(reason, readable(reason))
