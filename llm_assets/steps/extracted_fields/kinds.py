"""Words by which a passage shows a type of document or problem, and the types that contradict it. Knows no case.

Only words that leave little choice: a type that a passage does not name is no contradiction.
"""

import re
from typing import NamedTuple

_DOCUMENTS = {
    "invoice": r"счет-?фактур\w*|\bсчет\w{0,2} (?:на оплату|№)|\bсчет\w{0,2}\b|\binvoice|инвойс|шот-?фактура|\bтолем\w* шот\w*|\bтолеуге (?:арналган )?шот\w*|\bшот\w{0,3} №|\bесф\b|\bэсф\b|\bbill\b|proforma",
    "act": r"\bакт\w{0,3}\b(?! сверк)|\bact\b|certificate of (?:completion|acceptance)|орындалган жумыс",
    "reconciliation": r"\bсверк\w*|reconciliation|салыстыр\w*",
    "contract": r"\bдоговор\w*|\bконтракт\w*|\bcontract|\bagreement|\bкелисимшарт\w*|\bшарт\w{0,3}\b",
    "waybill": r"накладн\w*|\bттн\b|waybill|delivery note|жуккужат\w*|\bупд\b",
    "receipt": r"\bчек\w{0,2}\b|квитанц\w*|\breceipt|тубиртек\w*",
    "statement": r"\bвыписк\w*|\bstatement|узинди\w*",
    "letter": r"\bисх\b|письм\w*|\bletter|our ref|шыг\. ?№|\bхат\w{0,3}\b",
}
_DOCUMENT = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _DOCUMENTS.items()))
_NUMBERED = re.compile(r"\s*(?:на оплату|выполненных работ|сверки)?\s*(?:№|#|no\b|n\b|number|номер|\d)")

_CODES = {"access", "not_working", "delay", "missing_item", "missing_document", "wrong_charge"}
"""What a passage about codes can show beside what else it says: a code that does not come is access too."""
_PROBLEMS = (
    (r"\bсписа\w*|\bсняли\b|двойн\w* |\bдважды\b|\bcharged|\bbilled\b|\bovercharg\w*|\bdebited|\bдебет|еки рет|артык ал\w*|шешип ал\w*|шегерил\w*",
     {"wrong_charge", "not_working"}),
    (r"\bзадерж\w*|\bопазд\w*|до сих пор|\bне приш\w*|\bне достав\w*|\blate\b|\bdelay\w*|still (?:not|waiting)|not arrived"
     r"|hasnt arrived|has not arrived|where is my|кешик\w*|\bкелме(?:ди|ген)\w*|али жок",
     {"delay", "missing_item", "missing_document", "wrong_charge", "not_working"}),
    (r"\bвойти\b|\bзайти\b|\bпарол\w*|\bлогин\w*|\b(?:log|sign) ?in\b|\blocked out|\bpassword|\bдоступ\w*|\baccess\b|кире алма\w*|купиясоз\w*",
     {"access", "not_working"}),
    (r"\bне работа\w*|\bслома\w*|\bnot work\w*|\bdoesnt work|\bdoes not work|\bbroken|\bcrash\w*|жумыс истеме\w*|истемейд\w*|\bашылмай\w*|бузыл\w*",
     {"not_working", "access"}),
    (r"\bошибк\w*|\berror|\bотклон\w*|\bdeclined|\brejected|откиз\w*|өтпеди|отпеди", {"not_working", "access", "wrong_charge"}),
    (r"\bне хвата\w*|\bнедоста\w*|\bне положил\w*|\bmissing\b|came without|жетиспе\w*",
     {"missing_item", "missing_document"}),
    (r"\b(?:(?:сделать|сделайте|подготов\w*|выда(?:ть|йте)|оформ\w*) (?:\w+ )?(?:выписк|справк|копи)\w*|вышлите|пришлите|прошу (?:вы|при)слать|нужна (?:справка|выписка)|нужен (?:акт|чек|договор))|\bsend (?:me |us )?(?:the |a )?(?:copy|invoice|statement|certificate)"
     r"|аныктама керек|жибериниз",
     {"missing_document", "missing_item"}),
    (r"\b(?:код\w{0,3}|codes?|смс|sms)\b", _CODES),
)  # fmt: skip
"""Words that speak of a problem, and the types that such a passage can show."""
_PROBLEM = tuple((re.compile(pattern), kinds) for pattern, kinds in _PROBLEMS)
_ALWAYS = frozenset({"complaint", "information", "other"})


class Named(NamedTuple):
    """A type of document that a folded passage names, and where."""

    kind: str
    start: int
    end: int


def named_documents(passage: str) -> list[Named]:
    """In their order."""
    return [Named(m.lastgroup, *m.span()) for m in _DOCUMENT.finditer(passage) if m.lastgroup is not None]


def contradicts_document(kind: str, passage: str) -> bool:
    """Whether a folded passage names other types of document and not this one; a letter may name any without number."""
    named = list(_DOCUMENT.finditer(passage))
    if kind == "letter":
        named = [match for match in named if _NUMBERED.match(passage, match.end()) is not None]
    return kind in _DOCUMENTS and bool(named) and all(match.lastgroup != kind for match in named)


def contradicts_problem(kind: str, passage: str) -> bool:
    """Whether a folded passage speaks of another problem and not of this one."""
    if kind in _ALWAYS:
        return False
    shown = [kinds for pattern, kinds in _PROBLEM if pattern.search(passage) is not None]
    return bool(shown) and all(kind not in kinds for kinds in shown)
