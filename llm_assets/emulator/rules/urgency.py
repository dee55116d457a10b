"""Whether a case can wait until tomorrow, by words of the text in English, Russian and Kazakh."""

from collections.abc import Sequence

from llm_assets.emulator.rules.case import Case

REASONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "danger",
        (
            "smell of gas",
            "gas leak",
            "caught fire",
            "injured",
            "запах газа",
            "пожар",
            "травм",
            "өрт",
            "жарақат",
        ),
    ),
    (
        "theft",
        (
            "stolen",
            "stole ",
            "fraud",
            "scam",
            "hacked",
            "without my knowledge",
            "did not make this payment",
            "украли",
            "мошенн",
            "взлом",
            "без моего ведома",
            "не совершал",
            "алаяқ",
            "ұрла",
            "бұзып кірді",
        ),
    ),
    (
        "locked_out",
        (
            "swallowed my card",
            "locked out",
            "stranded",
            "cannot pay for",
            "can't pay for",
            "банкомат съел",
            "проглотил карту",
            "не могу расплатиться",
            "картаны жұтып",
            "төлей алмай",
        ),
    ),
    ("outage", ("is down for", "outage", "nothing works", "ничего не работает", "сбой у всех", "істен шық")),
    (
        "due_today",
        (
            "by tonight",
            "by the end of today",
            "before midnight",
            "flight leaves",
            "до конца дня",
            "сегодня до",
            "вылет через",
            "бүгін кешке дейін",
            "түн ортасына дейін",
        ),
    ),
)
"""The first reason of which the text holds a word is why it is urgent."""
CAN_WAIT = "can_wait"


def why_urgent(case: Case) -> str | None:
    """None for a case that can wait."""
    text = case.lowered
    return next((reason for reason, words in REASONS if any(word in text for word in words)), None)


def reason_among(case: Case, known: Sequence[str]) -> str:
    """The reason in the words of the schema; where it has none for it, its last word for urgent and for what can wait alike."""
    found = why_urgent(case) or CAN_WAIT
    return found if not known or found in known else known[-1]
