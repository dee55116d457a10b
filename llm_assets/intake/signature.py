"""Where a mail's signature begins: closing formulas, `-- `, names, contact lines, disclaimers, "sent from my phone".

Works on the sender's own lines, after `quotes` has cut the history. Cuts only from the end.
"""

import re
from collections.abc import Sequence

MAX_LINES = 14
"""Non-empty lines a signature may have; a closing formula further up belongs to the text."""

_DELIMITER = re.compile(r"^\s*(?:--|—|–|__)\s*$|^\s*[_=*]{5,}\s*$|^\s*-{10,}\s*$")
_CLOSING = re.compile(
    r"^\W{0,3}(?:(?:with )?(?:(?:my |our )?(?:best|kind|kindest|warm|warmest|many|very best) )?(?:regards|wishes|thanks)"
    r"|(?:best|thanks|thank you|thx|tks|cheers|sincerely|respectfully|cordially|yours|rgds|br|kr)"
    r"(?: (?:and|&) (?:best |kind )?regards| (?:again|so much|very much|in advance|a lot|truly|sincerely|faithfully|yours))?"
    r"|(?:yours|very) (?:sincerely|truly|faithfully)(?: yours)?|take care|all the best"
    r"|с (?:наилучшими |глубоким |большим |искренним )?(?:уважением|пожеланиями|наилучшими|любовью|приветом)(?: и [\w ]{1,40})?"
    r"|с уважением к вам|(?:заранее |большое |огромное )?(?:спасибо|благодарю|благодарен|благодарна)(?: заранее| большое"
    r"| вам| за (?:помощь|ответ|внимание|понимание))?|всего (?:доброго|хорошего|наилучшего)|до свидания"
    r"|хорошего (?:дня|вечера)|искренне ваш[аи]?"
    r"|(?:аса |ізгі |зор |терең |үлкен )?құрметпен|(?:көп |үлкен |алдын ала |сізге )?рахмет(?: сізге)?|ізгі (?:ниетпен|тілекпен)"
    r"|сау болыңыз|жақсылық тілеймін|mit freundlichen grüßen|viele grüße|cordialement|saludos|med vänliga hälsningar)"
    r"(?:[\s,.!;–—-]*$|\s*[,;–—-]\s*[^\W\d][\w.,'’ -]{0,60}$)",
    re.I,
)
_DEVICE = re.compile(
    r"^\W{0,3}(?:sent (?:from|via|with|by|using)\b|get outlook\b|from my i?phone|sent: from|отправлено (?:с|из|через|от)\b"
    r"|отправлено из|послано с|написано с|відправлено з|(?:менің )?[\w ]{0,40}(?:құрылғысынан|телефонымнан|смартфонымнан"
    r"|iphone-нан|iphone-нен|поштасынан|поштадан) (?:жіберілді|жіберілген)|жіберілді:|жіберілген:|отправлено:? (?:iphone"
    r"|android|мобильн)|envoyé (?:depuis|de)\b|von meinem\b|gesendet (?:von|mit)\b|diese nachricht wurde von\b"
    r"|enviado (?:desde|do)\b|inviato da\b|verzonden (?:met|vanaf)\b|skickat från\b|wysłane z\b|kopiert from|從我的)",
    re.I,
)
_DISCLAIMER = re.compile(
    r"^\W{0,5}(?:confidential(?:ity)?(?: notice| note)?\b|disclaimer\b|legal notice\b|privileged\b|важно:|внимание!? (?:данное|это)"
    r"|this (?:e-?mail|message|communication|transmission)(?: and| may| is| contains|,)|the information (?:contained )?in this"
    r"|(?:настоящее|данное|это) (?:электронное )?(?:сообщение|письмо)[^.]{0,80}(?:конфиденциальн|предназначен)"
    r"|конфиденциальн\w+|уведомление о конфиденциальности|если вы получили (?:это|данное|настоящее)"
    r"|бұл (?:электрондық )?(?:хат|хабарлама)[^.]{0,80}(?:құпия|арналған)|құпиялылық|please consider the environment"
    r"|think before you print|прежде чем печатать|if you (?:are not|have received))",
    re.I,
)
_CONTACT = re.compile(
    r"(?:\+?\d[\d ()./-]{6,}\d)|(?:^|\W)(?:тел|моб|факс|phone|tel|fax|mobile|cell|office|direct|e-?mail|skype|ұялы|почта|сайт)"
    r"\b\.?\s?[:.]?|https?://|www\.|[\w.+-]{1,60}@[\w.-]{1,60}|\b\d{5,6}\b",
    re.I,
)
_POSTSCRIPT = re.compile(r"(?:p\.?\s?s\b|з\.?\s?ы\b|п\.?\s?с\b)", re.I)
_LIST_ITEM = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.)])\s")


def cut(lines: Sequence[str], *, sender: str) -> list[str]:
    """The lines without the signature and what follows it. `sender` is the name in the From header."""
    kept = _without_trailers(list(lines))
    end = _start(kept, sender)
    return kept if end is None else _without_trailers(kept[:end])


def _without_trailers(lines: list[str]) -> list[str]:
    """Drops device lines and disclaimers from the end, and blank lines before them."""
    while True:
        while lines and not any(c.isalnum() for c in lines[-1]):
            lines.pop()
        if not lines:
            return lines
        if _DEVICE.match(lines[-1]) and len(lines[-1]) <= 120:
            lines.pop()
            continue
        start = _last_paragraph(lines)
        if start > 0 and _DISCLAIMER.match(lines[start]):
            del lines[start:]
            continue
        return lines


def _last_paragraph(lines: list[str]) -> int:
    start = len(lines) - 1
    while start > 0 and lines[start - 1].strip():
        start -= 1
    return start


def _start(lines: list[str], sender: str) -> int | None:
    """The line where the signature begins, None when there is none."""
    full = [i for i, line in enumerate(lines) if line.strip()]
    tail = full[-MAX_LINES:]
    candidates: list[int] = []
    for number, i in enumerate(tail):
        if i == full[0]:
            continue
        rest = [lines[j] for j in tail[number + 1 :]]
        if _opens(lines[i], rest, sender):
            candidates.append(i)
            break
    return candidates[0] if candidates else None


def _opens(line: str, rest: list[str], sender: str) -> bool:
    if _DELIMITER.match(line):
        return all(len(r) <= 200 for r in rest)
    if _CLOSING.match(line):
        return all(_signature_like(r) for r in rest)
    if _DEVICE.match(line):
        return all(_signature_like(r) or _DEVICE.match(r) for r in rest)
    if _is_name(line, sender):
        return all(_signature_like(r) for r in rest)
    return False


def _signature_like(line: str) -> bool:
    """Short, and not a sentence of the mail."""
    text = line.strip()
    if _DELIMITER.match(text) or _CLOSING.match(text) or _DISCLAIMER.match(text):
        return True
    if _LIST_ITEM.match(text) and not _CONTACT.search(text):
        return False
    if text.endswith("?") or len(text) > 120 or _POSTSCRIPT.match(text):
        return False
    if text.endswith((".", "!")) and len(text.split()) >= 4 and not _CONTACT.search(text):
        return False
    return len(text.split()) <= 9 or _CONTACT.search(text) is not None


def _is_name(line: str, sender: str) -> bool:
    """The sender's name, first name or initials alone on a line."""
    words = _words(line)
    names = _words(sender)
    if not words or not names or len(words) > 5 or len(line) > 60:
        return False
    if set(words) <= set(names) and len(words[0]) > 1:
        return True
    initials = "".join(n[0] for n in names)
    return len(words) == 1 and len(initials) >= 2 and words[0] in (initials, initials[::-1])


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.casefold())
