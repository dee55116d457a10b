"""What bytes are, by their content first and by a file's name where content cannot say. Imports no reader."""

from pathlib import PurePath

from llm_assets.intake.bytes import ole, opening

_MAIL_NAMES = (".eml", ".emlx", ".mht", ".mhtml", ".msg")
_DOCUMENT_NAMES = (".txt", ".csv", ".tsv", ".html", ".htm", ".md", ".json", ".xml", ".log", ".rtf")
_MBOX = (b"From ", b"\xef\xbb\xbfFrom ", b"\x01\x01\x01\x01\n", b"\x01\x01\x01\x01\r\n")
_LOOKED_AT = 65_536
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


def kind_of(data: bytes, path: str) -> str:
    """`mail`, `mbox`, `outlook` or `document`, by content first and by name where content cannot say."""
    suffix = PurePath(path).suffix.lower()
    content = sniff(data)
    if content == "ole" and (suffix == ".msg" or ole.OUTLOOK_STREAM in data):
        return "outlook"
    if content in ("pdf", "zip", "image", "rtf", "ole", "tnef", "packed"):
        return "document"
    if suffix in _MAIL_NAMES:
        return "mail"
    if suffix in (".mbox", ".mbx") or (data.startswith(_MBOX) and suffix not in _DOCUMENT_NAMES):
        return "mbox"
    if suffix in _DOCUMENT_NAMES:
        return "document"
    return "mail" if opening.has_mail_header(opening.unwrapped(data[:_LOOKED_AT])) else "document"


def sniff(data: bytes, *, filename: str = "", content_type: str = "") -> str:
    """One of pdf, zip, gzip, bzip2, xz, tar, packed, ole, rtf, image, tnef, html, text, binary, empty."""
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
    if b"%PDF-" in data[:1024] and not opening.begins_like_mail(data):
        return "pdf"  # readers skip what is before its header
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image"
    lowered = head[:512].lower()
    if (
        lowered.startswith((b"<!doctype html", b"<html"))
        or b"<html" in lowered
        or content_type == "text/html"
    ):
        return "html"
    if filename.lower().endswith((".html", ".htm")):
        return "html"
    return "text" if _looks_like_text(data[:4096]) else "binary"


def _looks_like_text(sample: bytes) -> bool:
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    zeros = sample.count(0)
    if zeros:
        return zeros > len(sample) * 0.3 and (sample[0::2].count(0) < 5 or sample[1::2].count(0) < 5)
    controls = sum(1 for b in sample if b < 32 and b not in (9, 10, 12, 13, 27))
    return controls * 50 < len(sample)
