"""What it means that a text tries to instruct the model: named signals, how much each weighs, and a score from them.

A guard beside the fence, not instead of it: what is found is flagged and, above a queue's threshold, goes to a person.
Finding the signals in a text is the reader's work.
"""

from collections.abc import Container, Iterable

from llm_assets.domain.mail.document import Case

INSTRUCTS = "instructs_model"
"""Flag of a document and reason of a review."""
FLAG_FROM = 0.4
"""A score from which a document is flagged: one signal of middle weight."""

WEIGHTS = {
    "overrides_rules": 0.75,  # sets our rules aside: all of them, the system's, those above
    "sets_aside": 0.4,  # sets earlier rules aside, which between two people may be an ordinary sentence
    "resets_context": 0.45,  # says that a new conversation begins, or that the real message is elsewhere
    "claims_authority": 0.4,  # claims to have built or approved this system, or to test it
    "names_our_workings": 0.4,  # knows of prompts, drafts and the names of our own fields
    "commands_a_machine": 0.3,  # familiar imperatives, as nobody writes to an office, about parts of an answer
    "asks_for_mark": 0.2,  # wants the case to be marked, approved or called something
    "addresses_any_reader": 0.6,  # speaks to whichever system or program reads it
    "addresses_model": 0.5,  # speaks to a model, bot or assistant
    "gives_new_task": 0.45,  # gives a task or rules, or announces that those of the system have changed
    "assigns_persona": 0.45,  # wants the reader to play somebody else
    "lifts_limits": 0.6,  # switches to a mode without limits
    "asks_for_prompt": 0.75,  # asks what the instructions are
    "dictates_answer": 0.35,  # says what the category, the confidence or the words of the answer have to be
    "forges_answer": 0.6,  # writes down an answer in our own form
    "forges_markup": 0.7,  # control tokens of models, and marks in which prompts are written
    "plays_roles": 0.35,  # lines that begin with a role, and lines that end our own block
    "forges_dialogue": 0.6,  # lines of two roles after each other
    "asks_for_others_data": 0.45,  # asks for data of other people, for keys, or for what a mask stands for
    "evades_people": 0.45,  # wants no person to see it
    "asks_to_decode": 0.6,  # wants something decoded and obeyed
    "disguised": 0.5,  # one of the above with figures for letters, or without spaces
    "encoded": 0.5,  # one of the above in base64 or hexadecimal
    "hidden": 0.5,  # one of the above where a page hides it from people
    "invisible": 0.5,  # characters that no screen shows
}
"""From 0 to 1: how sure each signal alone makes one."""


def score(signals: Iterable[str]) -> float:
    """From 0 to 1: how sure the signals make one, taken as independent."""
    doubt = 1.0
    for name in set(signals):
        doubt *= 1 - WEIGHTS.get(name, 0.0)
    return round(1 - doubt, 2)


def signals_in(case: Case) -> tuple[str, ...]:
    """The signals of all its messages: an attempt may come in pieces."""
    return in_order({name for document in case.documents for name in document.message.instructions})


def in_order(found: Container[str]) -> tuple[str, ...]:
    """The signals that are known, always in the same order."""
    return tuple(name for name in WEIGHTS if name in found)
