"""What a draft asks of the customer: never a secret, and nothing that neither `may_ask` nor the guidance names."""

import re

from llm_assets.steps.drafts.facts import Facts
from llm_assets.steps.drafts.sentences import clauses, sentences, without_quotes
from llm_assets.steps.drafts.words import named

_SECRET = re.compile(
    r"(?<!\w)(?:"
    r"pin(?:s|[ -]?codes?)?(?!\w)|cv[vc]2?(?!\w)|passwords?|passcodes?|pass ?phrase|"
    r"(?:sms|one[ -]time|security|secret|confirmation|verification|access|login) codes?|otps?(?!\w)|secret word|"
    r"(?<!promo )(?<!post )(?<!postal )(?<!zip )(?<!tracking )(?<!qr )(?<!bar )(?<!error )codes?(?!\w)(?! of the (?:error|item|product))|"
    r"(?:full |whole |complete )?card numbers?|number of (?:your|the) card|(?:16|sixteen|all) digits|expiry date|valid thru|"
    r"three digits on the back|card (?:details|data)|credentials|maiden name|"
    r"данны\w+ (?:вашей |банковской )?карты|девич\w+ фамили\w+|уч[её]тн\w+ данн\w+|карта\w* (?:деректер|мәлімет)\w*|"
    r"пин(?:-?код\w*)?(?!\w)|парол\w*|кодов\w+ слов\w*|(?:смс|sms|одноразов\w+|секретн\w+|проверочн\w+)[ -]?код\w*|"
    r"(?<!трек-)(?<!штрих-)(?<!qr-)код(?:а|ы|у|ом)?(?!\w)(?! (?:товара|ошибки|города|отслеживания))|"
    r"номер\w* (?:вашей |банковской |вашей банковской )?карты|(?:16|шестнадцать|все) цифр\w*|срок\w* действия|"
    r"құпия ?сөз\w*|құпия код\w*|пин-?код\w*|(?:sms|смс)[ -]?код\w*|бір ?реттік код\w*|"
    r"код(?:ы|ын|ты|ыңыз\w*|тар\w*)(?!\w)|карта\w* (?:толық )?нөмірі\w*|(?:карта\w*|оның) (?:\w+ мен )?мерзімі\w*|құпия сан\w*"
    r")",
    re.IGNORECASE,
)
_LAST_DIGITS = re.compile(
    r"last (?:four|4)|ending in|последни\w+ (?:4|четыр\w+)|соңғы (?:4|төрт)", re.IGNORECASE
)
_DISCLOSE = re.compile(
    r"\b(?:send|giv(?:e|ing)|tell|provid(?:e|ing)|shar(?:e|ing)|reply|replying|state|confirm|write|specify|submit|forward|attach|supply|"
    r"quote|enclose|upload|need(?:s|ed)?|require[sd]?|inform|let us know|text us|dictate|sending)\b|"
    r"(?<!\w)(?:при|вы|от|пере)шл\w+|(?<!\w)(?:пришл|вышл)ите|присл\w+|выслат\w*|отправ(?:ьте|ить|ляйте)|сообщ(?:ите|ить|айте)|укаж\w+|"
    r"указать|назов\w+|назвать|предостав\w+|напиш\w+|написать|продикт\w+|подтверд\w+|приложи\w*|приложить|переда(?:йте|ть)|скиньте|"
    r"уточни\w*|нужн[аоы]?(?!\w)|нужен|понадоб\w+|потребу\w+|необходим\w*|просим|"
    r"жібер\w*|жолда\w*|айт(?:ыңы|ып|ып бер)\w*|көрсетіңі\w*|хабарла(?:ңы|п)\w*|беріңі[зң]\w*|жаз(?:ыңы|ып)\w*|раста\w*|қажет\w*|"
    r"\bin (?:your|a) reply|\bwhat(?:'s| is)\b|в ответ\w*|как(?:ой|ов)(?!\w)|жауап хат\w*|қандай(?!\w)|"
    r"(?:айт|жібер|бер|жаз|ұсын)(?:са|се)ңы?і?[зң]\w*|керек\w*|ұсыныңы\w*|тіркеңі\w*|сұраймыз",
    re.IGNORECASE,
)
_OTHER_VERB = re.compile(
    r"\b(?:reset|chang|enter|typ|set|forgot|restor|using|use|block|keep|protect|receiv|get|arriv|delay|work|expir|activat|open|cancel|creat)"
    r"(?:e|es|ed|ing|s|ting|ten)?\b|"
    r"(?:с|по)?брос\w+|сброс\w+|смен\w+|измен\w+|введ\w+|ввод\w*|вве\w+|установ\w+|восстанов\w+|забыл\w*|прид[её]т|приход\w+|"
    r"получ\w+|заблок\w+|хран\w+|использ\w+|задерж\w+|созда\w+|активир\w+|"
    r"ауыстыр\w*|енгіз\w*|қалпына\w*|келті\w*|ұмыт\w*|келе\w*|кешіг\w*|бұғатта\w*|сақта\w*|өзгерт\w*",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:not|never|no one|nobody|without|don't|doesn't|won't|no need|neither|nor)\b|(?<!\w)(?:не|никогда|никому|нет|ни)(?!\w)|"
    r"(?<!\w)без(?!\w)|ешкім\w*|ешқашан|(?:ма|ме|ба|бе|па|пе)(?:ңы|ңі)[зң]|(?:май|мей|бай|бей|пай|пей)мі[зң]|(?:май|мей)мы[зң]|емес|"
    r"сұрамаймы[зң]|қажет емес|керек емес",
    re.IGNORECASE,
)
_REPLIES = re.compile(r"\bin (?:your|a) reply|в ответ\w*|жауап хат\w*", re.IGNORECASE)
_PURPOSE = re.compile(r"^\s*(?:to|so that|in order|чтобы|для того)(?!\w)", re.IGNORECASE)
_BRINGS = re.compile(r"\b(?:bring|take)\b|возьмите|захватите|при себе|ала келіңі", re.IGNORECASE)


def asks_for_a_secret(body: str, facts: Facts) -> bool:
    """Whether a sentence asks for a PIN, CVV, code, password or whole card number. "Never tell anyone" asks for none."""
    verb_last = facts.language == "kk"
    return any(_asks_in(sentence, verb_last) for sentence in sentences(without_quotes(body, facts.case)))


def _asks_in(sentence: str, verb_last: bool) -> bool:
    """Clause by clause: a clause without a verb continues the one before it ("send us your name, the PIN")."""
    if not _SECRET.search(sentence):
        return False
    asking = False
    for clause in clauses(sentence):
        secrets = list(_SECRET.finditer(clause))
        denied = _NOT.search(clause) is not None
        marks = [(m.start(), True) for m in _DISCLOSE.finditer(clause)]
        marks += [(m.start(), False) for m in _OTHER_VERB.finditer(clause)]
        if denied:
            asking = False
            continue
        if _REPLIES.search(clause):
            marks = [(at, True) for at, _ in marks]
        if _PURPOSE.search(clause):
            marks = [(at, False) for at, _ in marks] or [(0, False)]
        if not _LAST_DIGITS.search(clause) and any(
            _governed(s.start(), marks, asking, verb_last) for s in secrets
        ):
            return True
        if marks:
            asking = max(marks)[1]
    return False


def _governed(at: int, marks: list[tuple[int, bool]], asking: bool, verb_last: bool) -> bool:
    """Whether the nearest verb before the secret asks for it; where none stands before, the nearest one after it.

    With `verb_last`, as in Kazakh, the last verb of the clause decides.
    """
    if verb_last and marks and max(marks)[0] > at:
        return max(marks)[1]
    before = [m for m in marks if m[0] <= at]
    if before:
        return max(before)[1]
    after = [m for m in marks if m[0] > at]
    return min(after)[1] if after else asking


def asks_for_more(body: str, facts: Facts) -> list[str]:
    """What the draft asks the customer for although neither `may_ask` nor the guidance names it."""
    own = without_quotes(body, facts.case)
    new = named("asked", own) - named("asked", f"{facts.permitted}\n{facts.trusted}")
    if not new:
        return []
    found: set[str] = set()
    for sentence in sentences(own):
        asking = False
        for clause in clauses(sentence):
            if _IF.search(clause):
                continue
            says = _DISCLOSE.search(clause) is not None and not _BRINGS.search(clause)
            if _NOT.search(clause):
                asking = False
                continue
            asking = asking or (says and _to_us(clause))
            if asking:
                found |= named("asked", clause) & new
    return sorted(found)


_IF = re.compile(r"^\s*(?:if|when|should|если|когда|егер)(?!\w)", re.IGNORECASE)
_ORDERS = re.compile(
    r"\b(?:please|kindly|could you|can you|would you|send|provide|reply with|attach|tell us|confirm|forward|give us|let us know|share|we (?:will )?need|"
    r"you need to (?:send|provide)|we (?:require|ask))\b|"
    r"(?:при|вы|пере)шл(?:ите|и)|присл\w+|отправьте|сообщите|укажите|назовите|предоставьте|напишите|продиктуйте|подтвердите|приложите|"
    r"передайте|скиньте|уточните|просим|нужн[аоы]?(?!\w)|нужен|понадоб\w+|потребу\w+|необходим\w*|"
    r"(?:ың|ің|ң)(?:ыз|із)(?:ші|шы)?(?!\w)|сұраймыз|керек(?!\w)|қажет(?!\w)",
    re.IGNORECASE,
)
_WE_DO = re.compile(
    r"\b(?:we|i|colleague|manager|courier) (?:will|'ll|can|have|shall|would)\b|we'll|вам (?:напиш|сообщ|отправ|пришл)|мы \w+(?:им|ем|ём)(?!\w)",
    re.IGNORECASE,
)


def _to_us(clause: str) -> bool:
    """Whether the clause asks the customer and does not say what we do."""
    orders = _ORDERS.search(clause)
    return orders is not None and (
        not _WE_DO.search(clause) or re.search(r"we (?:will )?need|please|kindly", clause, re.I) is not None
    )
