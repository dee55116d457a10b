"""Doubts in a reviewer's words: the question that a case asks a person. Pure."""

from collections.abc import Mapping

from llm_assets.domain.requests.outcome import Outcome
from llm_assets.report.reasons import detail_in_words
from llm_assets.words.sentence import Sentence
from llm_assets.words.words import Words

QUESTIONS: Mapping[str, str] = {
    "low_confidence": "Is this the right category?",
    "two_fit": "Which of the two categories is it?",
    "several_matters": "Which of its matters comes first?",
    "too_little": "It says too little: what is it about?",
    "none_fits": "No category fits: which comes nearest?",
    "ambiguous": "Which category is it?",
    "unknown_category": "Which category is it? The answer names one that the queue does not have.",
    "not_in_text": "Does the mail really say this?",
    "unreadable_value": "What does the mail say here? The answer cannot be read as a value.",
    "two_values": "Which of the two values is right?",
    "value_not_in_quote": "Is this value right? It does not follow from its passage.",
    "impossible_date": "Which date is meant? This one cannot be right.",
    "not_a_deadline": "Is this date a deadline?",
    "bad_check_digit": "Is this number right? Its check digit is wrong.",
    "sum_mismatch": "Which amount is right? The document contradicts this one.",
    "missing_fields": "What are the values that are missing?",
    "poor_scan": "What does the scan say? It could not be read well.",
    "draft_defects": "Is this draft fit to be sent?",
    "no_guidance": "What shall be answered? There is no approved text for this category.",
    "instructs_model": "It talks to the model: is the answer right all the same?",
    "unreadable": "What is it? The file could not be read.",
    "no_text": "What is it? There is no text to read.",
    "outdated_answer": "Is the answer still right? It has a former form.",
    Outcome.REFUSED: "What is the answer? The model declined to give one.",
    Outcome.INVALID: "What is the answer? The model gave no usable one.",
    Outcome.CUT: "What is the answer? The model's was too long.",
    Outcome.TOO_LARGE: "What is the answer? The case is too long for the model.",
}


def question(reason: str) -> str:
    """The question that a doubt asks; a reason of somebody's own step is shown as it is. Without a doubt there is one too."""
    if not reason:
        return "Is the answer right?"
    return QUESTIONS.get(reason) or Sentence(
        "Is the answer right? (%(reason)s)", reason=reason.replace("_", " ")
    )


def noted(reason: str, detail: str, words: Words) -> str:
    """What the step noted beside its doubt, without codes."""
    return detail_in_words(reason, detail, words)
