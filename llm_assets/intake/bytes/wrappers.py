"""Signed and encrypted mail by its wrapper: S/MIME and OpenPGP. Nothing is decrypted and no signature is checked here.

A signature around readable words is removed; what is encrypted is reported, so that armour is not taken for words.
"""

import re
from dataclasses import replace

from llm_assets.intake.bytes import cms, kinds, mime, opening, transfer
from llm_assets.intake.bytes.mime import Part

_SMIME = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_WORDS = ("text", "html", "empty")
_MAX_DEPTH = 40
_CLEAR = re.compile(
    r"\s*-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z-]{1,40}: [^\n]{0,200}\n){0,10}\n(?P<words>.*?)\n"
    r"-----BEGIN PGP SIGNATURE-----\n.*?(?:-----END PGP SIGNATURE-----|\Z)",
    re.S,
)
_ARMOUR = re.compile(r"^-----BEGIN PGP MESSAGE-----$", re.M)


def is_encrypted(root: Part) -> bool:
    """The mail is encrypted as a whole, after `opened`."""
    if root.content_type not in _SMIME:
        return root.content_type == "multipart/encrypted"
    found = cms.opened(transfer.content(root)[0])
    return found is None or found.content is None


def opened(root: Part) -> Part:
    """The mail with S/MIME signatures taken off that hide its words; the mail itself where it carries none."""
    return _opened(root, 0)


def _opened(part: Part, depth: int) -> Part:
    if not part.children:
        return _uncovered(part, depth)
    if not any(_may_hide_words(leaf) for leaf in part.walk()):
        return part
    return replace(part, children=tuple(_opened(child, depth + 1) for child in part.children))


def _may_hide_words(part: Part) -> bool:
    """By its type, or by its name alone, which is what a gateway keeps that does not know S/MIME (RFC 8551, section 3.2.1)."""
    if not part.content_type.startswith("application/"):
        return False
    heads = ((part.header("content-type") or b"") + (part.header("content-disposition") or b"")).lower()
    return b"smime.p7m" in heads or (part.content_type in _SMIME and b"name" not in heads)


def _uncovered(part: Part, depth: int) -> Part:
    whole_mail = depth == 0 and part.content_type in _SMIME
    if depth > _MAX_DEPTH or not (whole_mail or _may_hide_words(part)):
        return part
    found = cms.opened(transfer.content(part)[0])
    if found is None or found.content is None:
        return part
    if not opening.begins_like_mail(found.content) and not (
        whole_mail and kinds.sniff(found.content) in _WORDS
    ):
        return part  # a signed file, which is an attachment
    inner = _opened(mime.parse(found.content), depth + 1)
    if not found.whole:
        inner = replace(inner, defects=inner.defects | {"truncated"})
    return replace(part, content_type="multipart/signed", children=(inner,), defects=inner.defects)


def unsigned(text: str) -> str:
    """The words inside an inline OpenPGP signature, lines that begin with a dash unescaped (RFC 9580, section 7.1)."""
    match = _CLEAR.match(text)
    if match is None:
        return text
    words = re.sub(r"^- ", "", match["words"], flags=re.M)
    return "\n\n".join(t for t in (words, text[match.end() :].strip()) if t)


def is_armoured(text: str) -> bool:
    return (
        text.lstrip().startswith("-----BEGIN PGP MESSAGE-----") or _ARMOUR.search(text[:20_000]) is not None
    )
