"""Links, addresses, telephone numbers and accounts of a draft: to where it sends a customer must be in the guidance.

A link that only the customer's mail names may be a phisher's; their own number may be repeated, but nobody is sent there.
"""

import re
from typing import NamedTuple

from llm_assets.steps.drafts.facts import Facts
from llm_assets.steps.drafts.sentences import sentences

_LINK = re.compile(
    r"(?<![\w@.-])(https?://|www\.)?((?:[\w-]+\.)+(?:[a-z]{2,12}|рф|қаз|бел))(?::\d+)?((?:/[^\s<>«»\"“”()]*)?)(?![\w@])",
    re.IGNORECASE,
)
_FILES = frozenset(
    [
        "pdf",
        "doc",
        "docx",
        "xls",
        "xlsx",
        "txt",
        "rtf",
        "odt",
        "jpg",
        "jpeg",
        "png",
        "heic",
        "zip",
        "rar",
        "csv",
        "xml",
        "json",
        "eml",
        "msg",
        "tiff",
        "htm",
    ]
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w-])\+?\d[\d ()\u00a0-]{2,18}\d(?!\w)")
_ACCOUNT = re.compile(r"(?<!\w)[A-Z]{2}\d{2}[A-Z0-9 ]{2,30}\b|(?<![\w-])\d{6,}(?!\w)")
_CALL = re.compile(
    r"(?<!will )(?<!may )(?<!can )(?<!to )\b(?:please )?(?:call(?! you)|phone(?! number)|dial|ring|text)\b|"
    r"позвоните|звоните|обратитесь по (?:номеру|телефону)|набер(?:ите)|свяжитесь|қоңырау шалыңы[зң]|хабарласыңы[зң]|телефон шалыңы[зң]",
    re.IGNORECASE,
)
_WRITE = re.compile(
    r"\b(?:write|send|forward|email|mail|contact|reply)\b|напишите|пишите|отправьте|пришлите|перешлите|вышлите|направьте|обратитесь|"
    r"жазыңы[зң]|жіберіңі[зң]|жолдаңы[зң]",
    re.IGNORECASE,
)
_PAY = re.compile(
    r"\b(?:pay|transfer|deposit|remit|top up)\b|оплатите|переведите|перечислите|внесите|пополните|төлеңі[зң]|аударыңы[зң]|салыңы[зң]",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:not|never|n't|don't)\b|(?<!\w)не(?!\w)|никогда|(?:ма|ме|ба|бе|па|пе)ңы?і?[зң]|ешқашан",
    re.IGNORECASE,
)
_GO = re.compile(
    r"\b(?:at|via|visit|open|go to|see|use|click|follow|here|on)\b|перейд|открой|зайд|сайт|странич|ссылк|здесь|на страниц|(?<!\w)на(?!\w)|"
    r"сілтеме|бет|сайт|өтіңі[зң]|кіріңі[зң]|ашыңы[зң]|қараңы[зң]",
    re.IGNORECASE,
)


class Link(NamedTuple):
    host: str
    path: str
    plain: bool
    """A bare host, which may also be a brand: "Kaspi.kz"."""


def links_in(text: str) -> list[Link]:
    found = []
    for match in _LINK.finditer(text):
        scheme, host, path = match[1], match[2].casefold().removeprefix("www."), match[3]
        path = path.rstrip(".,;:!?)»\"'/")
        ending = host.rpartition(".")[2]
        written = match[2].rpartition(".")[2]
        if not scheme and not path and (ending in _FILES or written != written.lower()):
            continue
        found.append(Link(host, path, not scheme and not path))
    return found


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def unknown_links(body: str, facts: Facts) -> list[str]:
    """Links that the guidance does not name. A bare host that the case names passes where nobody is sent to it."""
    if not _LINK.search(body):
        return []
    trusted = {(link.host, link.path) for link in links_in(facts.trusted)}
    hosts = {host for host, _ in trusted}
    in_case = {link.host for link in links_in(facts.case)}
    found = []
    for sentence in sentences(body):
        for link in links_in(sentence):
            if (link.host, link.path) in trusted or (link.host in hosts and not link.path):
                continue
            if link.plain and link.host in in_case and not _GO.search(sentence):
                continue
            found.append(link.host + link.path)
    return found


def unknown_contacts(body: str, facts: Facts) -> list[str]:
    """E-mail addresses that nothing names, and addresses, numbers and accounts of the case that the draft sends somebody to."""
    if not (_EMAIL.search(body) or _PHONE.search(body) or _ACCOUNT.search(body)):
        return []
    known_emails = {e.casefold() for e in _EMAIL.findall(facts.trusted)}
    case_emails = {e.casefold() for e in _EMAIL.findall(facts.case)}
    trusted = _digits(facts.trusted)
    found = []
    for sentence in sentences(body):
        told_not_to = _NOT.search(sentence) is not None
        for email in _EMAIL.findall(sentence):
            name = email.casefold()
            if name not in known_emails and (name not in case_emails or _WRITE.search(sentence)):
                found.append(email)
        if told_not_to:
            continue
        if _CALL.search(sentence):
            found += [
                p for p in _PHONE.findall(sentence) if len(_digits(p)) >= 7 and _digits(p) not in trusted
            ]
        if _PAY.search(sentence):
            found += [a for a in _ACCOUNT.findall(sentence) if _digits(a) not in trusted]
    return found
