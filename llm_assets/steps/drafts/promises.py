"""Promises of a draft: a refund, compensation, discount or the like is promised only where the guidance names it."""

import re

from llm_assets.steps.drafts.facts import Facts
from llm_assets.steps.drafts.sentences import sentences, without_quotes
from llm_assets.steps.drafts.words import named

_COMMITS = re.compile(
    r"\b(?:we|i)(?:'ll| will| shall| are going to| have|'ve| offer| give| guarantee| promise)?\s(?:\w+\s){0,2}?(?:refund|reimburse|return|"
    r"credit|pay|give|offer|compensate|waive|approve|replace|add|grant|guarantee|promise|cancel|send|exchange|extend|write off|drop)\w*|"
    r"\byou(?:'ll| will)? (?:get|receive|be (?:refunded|paid|credited|compensated))|"
    r"\b(?:will|shall) be \w*\s?(?:refunded|reimbursed|credited|returned|compensated|approved|waived|free|paid|replaced|extended|exchanged)|has been (?:approved|credited|refunded)|"
    r"\b(?:is|are|gets?) (?:fully )?(?:refunded|reimbursed|credited|compensated|waived)|"
    r"верн(?:ём|ем|у)(?!\w)|мы (?:уже )?(?:вернули|возместили|компенсировали|начислили|зачислили|отменили|списали|перечислили|продлили)|возмест(?:им|ят)|компенсируем|выплат(?:им|ят)|начисл(?:им|ят|ен\w*)|зачисл(?:им|ят)|спиш(?:ем|ут)|подарим|дарим|"
    r"предостав(?:им|лен\w*)|сделаем|дадим|отмен(?:им|ят)|замен(?:им|ят)|обменяем|отправим|продл(?:им|ят)|простим|одобр(?:им|ят|ен\w*)|получите|поступ(?:ит|ят)|верн(?:утся|[её]тся)|"
    r"буд(?:ет|ут) (?:возвращ|начисл|одобр|предостав|бесплатн|удовлетвор)\w*|гаранти(?:руем|рую)|обеща(?:ем|ю)|"
    r"қайтарамы[зң]|қайтарылады|төлеймі[зң]|береміз|беріледі|сыйлаймы[зң]|жасаймы[зң]|өтейміз|есептейміз|ауыстырамы[зң]|айырбастаймы[зң]|ұзартамы[зң]|жібереміз|аласы[зң]|түседі|болады|уәде",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"money|tenge|kzt|₸|amount|sum\b|fee|charge|paid|payment|price|cost|funds|refund|reimburs|usd|\$|eur|"
    r"деньг|денег|средств|сумм|тенге|тг\b|комисси|плат[её]ж|стоимост|оплат|руб|"
    r"ақша|теңге|сома|қаражат|төлем|комиссия",
    re.IGNORECASE,
)
"""Without one of these what comes back is a parcel or a paper."""
_OF_THE_CUSTOMER = re.compile(
    r"(?<!\w)(?:passwords?|pins?|addresses|address|phone number|парол|пин|адрес|номер телефона|құпия|мекен-?жай|телефон нөмір)",
    re.IGNORECASE,
)
"""What a customer changes alone; "ауыстыру" is to change as well as to replace."""
_NOT = re.compile(
    r"\b(?:not|never|cannot|can't|unable|unfortunately|if|whether)\b|(?<!\w)(?:не|нет|невозможно|если|ли)(?!\w)|(?:май|мей|бай|бей|пай|пей)"
    r"(?:ды|ді|мыз|міз)|емес|алмаймыз|болмайды|егер",
    re.IGNORECASE,
)

_DENIAL = re.compile(
    r"(?:is|are|be|was|were|will be)(?: not|n't) (?:be )?(?:returned|refunded|reimbursed|compensated|replaced|exchanged|extended)|"
    r"cannot be (?:returned|refunded|replaced|exchanged|extended)|non-?refundable|not refundable|no (?:refunds?|replacements?|discounts?)\b|"
    r"не (?:возвраща|возмеща|компенсир|продлева|обменива|подлеж)\w+(?: возврату| обмену| продлению)?|(?:возврату|обмену|продлению) не подлеж\w+|"
    r"(?:қайтарыл|ауыстырыл|ұзартыл)май\w+",
    re.IGNORECASE,
)
"""What the guidance denies it does not approve."""
_CONDITION = re.compile(r",\s|\b(?:if|unless)\b|(?<!\w)(?:если|егер)(?!\w)", re.IGNORECASE)
_DENIED = re.compile(r"не (?:гарантир|обеща)|бере алмаймы|бермейм", re.IGNORECASE)


def _on_condition(sentence: str, said: set[str]) -> set[str]:
    """What a sentence with a condition promises in a part of its own: "if the visa is refused, we return the fee"."""
    parts = _CONDITION.split(sentence)
    return {
        name
        for part in parts
        if not _NOT.search(part) and _COMMITS.search(part)
        for name in said & named("promised", part)
    }


def unkept_promises(body: str, facts: Facts) -> list[str]:
    """What the draft promises although the guidance does not. What only the case names may be talked about, not promised."""
    own = without_quotes(body, facts.case)
    own = _DENIAL.sub(" ", own)
    trusted = _DENIAL.sub(" ", f"{facts.trusted}\n{facts.permitted}")
    new = named("promised", own) - named("promised", trusted) - named("approved", trusted)
    if not new:
        return []
    mentioned = named("promised", facts.case)
    found: set[str] = set()
    for sentence in sentences(own):
        said = set(named("promised", sentence) & new)
        if not _MONEY.search(sentence):
            said.discard("refund")
        if _OF_THE_CUSTOMER.search(sentence):
            said.discard("replacement")
        if "guarantee" in said and not _DENIED.search(sentence):
            found.add("guarantee")
        if not said:
            continue
        if _NOT.search(sentence):
            found |= _on_condition(sentence, said)
            continue
        found |= said if _COMMITS.search(sentence) else said - mentioned
    return sorted(found)
