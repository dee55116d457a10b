"""What bytes are, by their content first and by a file's name where content cannot say. Imports no reader."""

import re
from pathlib import PurePath

from llm_assets.intake.bytes import cms, ole, opening

_MAIL_NAMES = (".eml", ".emlx", ".mht", ".mhtml", ".msg")
_DOCUMENT_NAMES = (
    ".txt", ".csv", ".tsv", ".html", ".htm", ".md", ".json", ".xml", ".log", ".rtf", ".doc", ".docx", ".xls", ".xlsx",
    ".ics", ".vcf",
)  # fmt: skip
_OFFICE_NAMES = (".doc", ".docx", ".dot", ".rtf", ".xls", ".xlsx", ".xlt", ".html", ".htm")
"""Of files that programs export as HTML without saying so in their first bytes."""
_FRAGMENT = re.compile(
    rb"<(?:table|thead|tbody|tr|body|head|meta|style|title|div|center|font|span|p|br|b|h[1-6])(?:\s[^<>]{0,300})?/?>",
    re.I,
)
_COMMENTS = re.compile(rb"^(?:<!--(?:[^-]|-(?!->)){0,1000}-->\s*|<\?xml[^>]{0,200}\?>\s*){1,5}")
_OFFICE_XML: tuple[tuple[bytes, str], ...] = (
    (b"urn:schemas-microsoft-com:office:spreadsheet", "xml_workbook"),
    (b"http://schemas.microsoft.com/office/word/2003/wordml", "xml_document"),
    (b"http://schemas.microsoft.com/office/2006/xmlpackage", "xml_document"),
    (b"urn:oasis:names:tc:opendocument:xmlns:office:1.0", "xml_open_document"),
)
_ROOT = re.compile(rb"<(?:[\w.-]{1,40}:)?(?P<name>[a-z][\w.-]{0,60})[\s>][^>]*>?")
_PLAIN_NAMES = (".txt", ".log", ".md", ".csv", ".json")
_XML_HEAD = 8_192
"""OpenDocument in one file declares some forty namespaces before anything else."""
_PAGES_TYPE = re.compile(
    rb"^content-type[ \t]*:[ \t]*(?:multipart/(?:related|mixed|alternative)|text/html)", re.I | re.M
)
_PAGES_VERSION = re.compile(rb"^mime-version[ \t]*:", re.I | re.M)
_MBOX = (b"From ", b"\xef\xbb\xbfFrom ", b"\x01\x01\x01\x01\n", b"\x01\x01\x01\x01\r\n")
_ARCHIVE = re.compile(
    rb"From [^\r\n@]{1,100}(?: at |@)[^\r\n]{1,100} \d\d:\d\d:\d\d[^\r\n]{0,20} \d{4}\r?\n[\w-]{1,40}:"
)
"""A month of a mailing list as its archive offers it."""
_LOOKED_AT = 65_536
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\f\r\x1b"))
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"BM", "bitmap"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"\x78\x9f\x3e\x22", "tnef"),
    (b"Rar!", "packed"),
    (b"7z\xbc\xaf", "packed"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
)


_DOCUMENTS = frozenset(
    {"pdf", "zip", "image", "rtf", "ole", "tnef", "packed", "xml_workbook", "xml_document", "xml_open_document", "card",
     "calendar"}
)  # fmt: skip


def kind_of(data: bytes, path: str) -> str:
    """`mail`, `mbox`, `outlook` or `document`, by content first and by name where content cannot say."""
    suffix = PurePath(path).suffix.lower()
    content = sniff(data)
    if content == "ole" and (suffix == ".msg" or ole.OUTLOOK_STREAM in data):
        return "outlook"
    if content in _DOCUMENTS:
        return "document"
    if suffix in _MAIL_NAMES:
        return "mail"
    if suffix in (".mbox", ".mbx") or (data.startswith(_MBOX) and suffix not in _DOCUMENT_NAMES):
        return "mbox"
    if suffix == ".txt" and _ARCHIVE.match(data) is not None and opening.has_mail_header(data[:_LOOKED_AT]):
        return "mbox"
    if suffix in _DOCUMENT_NAMES:
        return "document"
    return "mail" if opening.has_mail_header(opening.unwrapped(data[:_LOOKED_AT])) else "document"


def sniff(data: bytes, *, filename: str = "", content_type: str = "") -> str:
    """One of pdf, zip, gzip, bzip2, xz, tar, packed, ole, rtf, image, tnef, signed, encrypted, web_archive, xml_workbook,
    xml_document, xml_open_document, calendar, card, html, text, binary, empty."""
    if not data.strip():
        return "empty"
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            if kind != "bitmap":
                return kind
            if filename.lower().endswith(".bmp") or content_type == "image/bmp":
                return "image"
    if data[257:262] == b"ustar":
        return "tar"
    wrapping = cms.wrapping(head)
    if wrapping is not None:
        return wrapping
    if b"%PDF-" in data[:1024] and not opening.begins_like_mail(data):
        return "pdf"  # readers skip what is before its header
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image"
    return _written(data, head, filename.lower(), content_type)


def _written(data: bytes, head: bytes, filename: str, content_type: str) -> str:
    """Of kinds that are text with signs in it, the one whose signs come first."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head[2:].replace(b"\x00", b"")
    lowered = head.lower()
    if lowered.startswith(b"begin:v"):
        name = lowered[6:15]
        return "calendar" if name == b"vcalendar" else "card" if name.startswith(b"vcard") else "text"
    if lowered.startswith(b"<"):
        kind = _office_xml(data)
        if kind:
            return kind
    if _is_web_archive(data, filename):
        return "web_archive"
    if (
        lowered.startswith((b"<!doctype html", b"<html"))
        or b"<html" in lowered[:512]
        or content_type == "text/html"
        or filename.endswith((".html", ".htm"))
        or (
            filename.endswith(_OFFICE_NAMES)
            and _FRAGMENT.match(_COMMENTS.sub(b"", head, count=1)) is not None
        )
    ):
        return "html"
    return "text" if _looks_like_text(data[:4096]) else "binary"


def _office_xml(data: bytes) -> str:
    head = data[:_XML_HEAD].replace(b"\x00", b"").lower()
    kinds = [kind for name, kind in _OFFICE_XML if name in head]
    root = _ROOT.search(head) if kinds else None
    if root is None or root["name"] == b"html":
        return ""
    return next((kind for name, kind in _OFFICE_XML if name in root.group()), "")


def _is_web_archive(data: bytes, filename: str) -> bool:
    """A page saved with its pictures as if it were a mail (RFC 2557); a text file may quote one."""
    if b"mime-version" not in data[:2_048].lower() or filename.endswith(_PLAIN_NAMES):
        return False
    start = data[:2_048].lstrip(b"\xef\xbb\xbf \t\r\n")
    block = re.split(rb"\r?\n\r?\n", start, maxsplit=1)[0]
    return (
        opening.begins_like_mail(start)
        and _PAGES_VERSION.search(block) is not None
        and _PAGES_TYPE.search(block) is not None
    )


def _looks_like_text(sample: bytes) -> bool:
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    zeros = sample.count(0)
    if zeros:
        return zeros > len(sample) * 0.3 and (sample[0::2].count(0) < 5 or sample[1::2].count(0) < 5)
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return controls * 50 < len(sample)
