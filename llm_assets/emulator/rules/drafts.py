"""Drafts of replies by template, in the language the prompt names. They state only what the case and the guidance state."""

import json
import re
from typing import Any

from llm_assets.emulator.rules.case import Case, language_of
from llm_assets.emulator.rules.fields import REPLY_MARK, request_number

DRAFT_PARTS = frozenset({"subject", "greeting", "body", "closing", "signature", "language"})

OPENING = {
    "en": "Thank you for your message about “{topic}”.",
    "ru": "Благодарим за ваше обращение по теме «{topic}».",
    "kk": "«{topic}» туралы хатыңыз үшін рахмет.",
}
OPENING_PLAIN = {
    "en": "Thank you for your message.",
    "ru": "Благодарим за ваше обращение.",
    "kk": "Хатыңыз үшін рахмет.",
}
QUOTED = {
    "en": "You write: “{words}”.",
    "ru": "Вы пишете: «{words}».",
    "kk": "Сіз былай жазыпсыз: «{words}».",
}
NUMBERED = {
    "en": "We are looking at your request {number}.",
    "ru": "Мы рассматриваем ваш запрос {number}.",
    "kk": "Сіздің {number} өтінішіңізді қарап жатырмыз.",
}
FACTS = {
    "en": "What applies here: {facts}.",
    "ru": "По вашему вопросу действует следующее: {facts}.",
    "kk": "Сіздің сұрағыңыз бойынша қолданылатын ақпарат: {facts}.",
}
COLLEAGUE = {
    "en": "A colleague will look into the details and write to you.",
    "ru": "Наш сотрудник проверит детали и напишет вам.",
    "kk": "Қызметкеріміз мән-жайды тексеріп, сізге жазады.",
}
SUBJECT = {"en": "Your request", "ru": "Ваше обращение", "kk": "Сіздің өтінішіңіз"}
SPANS: dict[str, dict[str, str]] = {
    "working day": {"ru": "рабочий день|рабочих дня|рабочих дней", "kk": "жұмыс күні"},
    "day": {"ru": "день|дня|дней", "kk": "күн"},
    "hour": {"ru": "час|часа|часов", "kk": "сағат"},
    "minute": {"ru": "минута|минуты|минут", "kk": "минут"},
    "month": {"ru": "месяц|месяца|месяцев", "kk": "ай"},
}
SPAN = re.compile(r"(\d+)(?:\s*(?:to|–|-)\s*(\d+))?\s+(working day|day|hour|minute|month)s?\b")
LINK = re.compile(r"\b(?:https?://)?[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[\w/#?=-]*)?")


def is_draft(properties: dict[str, Any]) -> bool:
    return "body" in properties


def draft(case: Case) -> dict[str, str]:
    """All parts a schema may ask for; greeting and signature only where the prompt gives them."""
    language = _language(case)
    subject = REPLY_MARK.sub("", case.subject).strip()
    sentences = [_opening(subject, language), _quoted(case, subject, language)]
    number = _request_number(case)
    if number is not None:
        sentences.append(NUMBERED[language].format(number=number))
    sentences.append(_substance(case, language))
    greeting, signature = case.tag_text("greeting") or "", case.tag_text("signature") or ""
    return {
        "language": language,
        "subject": f"Re: {subject}" if subject else SUBJECT[language],
        "greeting": greeting,
        "body": " ".join(filter(None, sentences)),
        "closing": "",
        "signature": signature,
    }


def _language(case: Case) -> str:
    wanted = (case.tag_text("reply_language") or "same").lower()
    return wanted if wanted in OPENING else case.language


def _opening(subject: str, language: str) -> str:
    """The customer's subject is named only in their own language and when it is short."""
    topic = subject.rstrip(".!?")
    if (
        not topic
        or len(topic) > 80
        or language_of(topic) not in (language, "ru" if language == "kk" else language)
    ):
        return OPENING_PLAIN[language]
    return OPENING[language].format(topic=topic)


def _quoted(case: Case, subject: str, language: str) -> str:
    """The customer's own first sentence, where the subject alone says little and the languages agree."""
    if len(subject.split()) > 3:
        return ""
    for line in case.written.splitlines():
        first = re.split(r"(?<=[.!?])\s", line.strip())[0].strip(" .!?")
        speaks = language_of(first)
        if (
            len(first.split()) >= 4
            and len(first) <= 120
            and (speaks == language or {speaks, language} == {"ru", "kk"})
        ):
            return QUOTED[language].format(words=first)
    return ""


def _request_number(case: Case) -> str | None:
    try:
        fields = json.loads(case.tag_text("fields") or "{}")
    except ValueError:
        fields = {}
    if isinstance(fields, dict) and fields.get("request_number"):
        return str(fields["request_number"])
    found = request_number(case)
    return None if found is None else str(found.value)


def _substance(case: Case, language: str) -> str:
    guidance = case.tag_text("reply_guidance")
    if guidance is None or guidance == "(none)":
        return COLLEAGUE[language]
    if language_of(guidance) == language:
        return guidance if guidance.endswith((".", "!", "?")) else f"{guidance}."
    facts = _facts(guidance, language)
    return (
        f"{FACTS[language].format(facts='; '.join(facts))} {COLLEAGUE[language]}"
        if facts
        else COLLEAGUE[language]
    )


def _facts(guidance: str, language: str) -> list[str]:
    """The parts of an English guidance that need no translator: time spans and links."""
    if language == "en":
        return LINK.findall(guidance)
    spans = []
    for low, high, unit in SPAN.findall(guidance):
        number = f"{low}–{high}" if high else low
        spans.append(f"{number} {_plural(int(high or low), SPANS[unit][language])}")
    return [*dict.fromkeys(spans), *dict.fromkeys(LINK.findall(guidance))]


def _plural(number: int, forms: str) -> str:
    """The noun's form after a number; Russian has three, Kazakh one."""
    words = forms.split("|")
    if len(words) == 1:
        return words[0]
    if number % 10 == 1 and number % 100 != 11:
        return words[0]
    return words[1] if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else words[2]
