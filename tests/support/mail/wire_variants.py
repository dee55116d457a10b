"""Headers and multiparts in the ways their grammar allows and programs break it (RFC 2045 to 2047, 2231, 5322, 6532)."""

import base64
from collections.abc import Iterator
from itertools import product

WORDS = "Закрыть счёт"
_CHARSETS = ("utf-8", "UTF-8", "koi8-r", "windows-1251", "iso-8859-5")


def b_word(text: str, charset: str = "utf-8", kind: str = "B") -> str:
    return f"=?{charset}?{kind}?{base64.b64encode(text.encode(charset)).decode()}?="


def q_word(text: str, charset: str = "utf-8", kind: str = "Q") -> str:
    coded = "".join(
        chr(c) if chr(c).isalnum() and c < 128 else f"={c:02X}"
        for c in text.replace(" ", "\0").encode(charset)
    )
    return f"=?{charset}?{kind}?{coded.replace('=00', '_')}?="


def subjects() -> Iterator[tuple[str, bytes]]:
    """Header lines by their names."""
    for charset, kind in product(_CHARSETS, "bBqQ"):
        make = b_word if kind in "bB" else q_word
        word = make(WORDS, charset, kind)
        for shape in (
            "{0}",
            "Re: {0}",
            "{0} 77",
            "a {0} b",
            "{0} {0}",
            "{0}\n {0}",
            "{0}\r\n\t{0}",
            "{0}{0}",
            '"{0}"',
        ):
            yield f"{charset} {kind} {shape!r}", f"Subject: {shape.format(word)}".encode()
        for glued in ("Re:{0}", "{0}(77)", "[{0}]", "x{0}", "{0}x"):
            yield f"{charset} {kind} {glued}", f"Subject: {glued.format(word)}".encode()
    raw = WORDS.encode()
    for cut in range(1, len(raw)):
        first, second = (base64.b64encode(half).decode() for half in (raw[:cut], raw[cut:]))
        yield f"cut at {cut}", f"Subject: =?utf-8?B?{first}?= =?utf-8?B?{second}?=".encode()
    plain = (
        "one",
        "one\n two",
        "one\n\ttwo",
        "one\n \n two",
        "\n one",
        "",
        "   ",
        "one   two",
        "=?",
        "a =? b ?= c",
        "x?=",
    )
    odd = (
        "=?utf-8?Q??=",
        "=?utf-8?Q?a_b=5Fc?=",
        "=?utf-8?q?=d0=97?=",
        "=?utf-8?Q?now_or_never?=",
        "=?utf-8?Q?my card?=",
    )
    damaged = (
        "=?utf-8?B?0JfQsNC6?=",
        "=?utf-8?B?0JfQsNC60YA?=",
        "=?utf-8?B?0JfQsNC60YA===?=",
        "=?utf-8?Q?a=b?=",
    )
    for value in (*plain, *odd, *damaged):
        yield repr(value), f"Subject: {value}".encode()
    yield "raw", f"Subject: {WORDS}".encode()
    yield "raw beside a word", f"Subject: {b_word(WORDS)} {WORDS}".encode()
    yield "no blank", b"Subject:one"
    yield "capitals", b"SUBJECT: one"
    yield "several", b"Subject: one\nSubject: two"
    yield "a comment of the list", b"X-Subject: none\nSubject: one\nSubjects: three"


def with_subject(lines: bytes) -> bytes:
    return b"From: dana@post.example\n" + lines + b"\nTo: desk@bank.example\n\nwords\n"


def multiparts() -> Iterator[tuple[str, bytes]]:
    """Mails by their names."""
    for boundary in ("b", "=_a.b/c:d?e'f", "a b", "----=_Part_1_2.3", "0", "a" * 70, "a;b", "x(y)z", "A+B,C"):
        for value in (f'"{boundary}"', *(() if set(" ;") & set(boundary) else (boundary,))):
            for gap, end, final in product(("", " \t"), ("\n", "\r\n"), ("--", None)):
                body = _parts(boundary, ("one", "two"), gap=gap, final=final)
                yield f"{value} {gap!r} {end!r} {final}", _multipart(f"; boundary={value}", body, end)
    simple = _parts("b", ("one", "two"))
    for parameters in (';\n boundary="b"', "; charset=utf-8; boundary=b; type=x", "; BOUNDARY = b", "; boundary*0=b",
                       "; boundary*=us-ascii'en'b", '; boundary="b"; boundary="c"'):  # fmt: skip
        yield parameters, _multipart(parameters, simple)
    yield "words around", _multipart("; boundary=b", f"before\n\n{simple}behind\n")
    yield "an empty part", _multipart("; boundary=b", _parts("b", ("", "two")))
    yield "no headers", _multipart("; boundary=b", "--b\n\none\n--b\n\ntwo\n--b--\n")
    yield "a part behind the end", _multipart("; boundary=b", simple + _parts("b", ("three",)))
    yield "a boundary in the words", _multipart("; boundary=b", _parts("b", ("x --b y\n> --b\n --b", "two")))
    yield "an unknown kind", _multipart("; boundary=b", simple, kind="strange")
    for inner, outer in (("b1", "b"), ("b", "b1"), ("bb", "b"), ("b", "B")):
        nested = f'Content-Type: multipart/mixed; boundary="{inner}"\n\n{_parts(inner, ("in one", "in two"))}'
        body = f"--{outer}\n{nested}--{outer}\nContent-Type: text/plain\n\ntwo\n--{outer}--\n"
        yield f"{inner} in {outer}", _multipart(f"; boundary={outer}", body)
        yield (
            f"{inner} unclosed in {outer}",
            _multipart(f"; boundary={outer}", body.replace(f"--{inner}--\n", "\n")),
        )
    deep = "Content-Type: text/plain\n\ndeep\n"
    for level in range(8):
        deep = f"Content-Type: multipart/mixed; boundary=n{level}x\n\n--n{level}x\n{deep}\n--n{level}x--\n"
    yield "deep", f"Subject: s\n{deep}".encode()
    letter = "From: dana@post.example\nSubject: inner\n\ninner words\n"
    yield (
        "a digest",
        _multipart(
            "; boundary=b", f"--b\n\n{letter}--b\nContent-Type: text/plain\n\none\n--b--\n", kind="digest"
        ),
    )
    yield "a mail", _multipart("; boundary=b", f"--b\nContent-Type: message/rfc822\n\n{letter}--b--\n")


def _multipart(parameters: str, body: str, end: str = "\n", *, kind: str = "mixed") -> bytes:
    head = f"From: dana@post.example\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/{kind}{parameters}\n"
    return f"{head}\n{body}".replace("\n", end).encode()


def _parts(boundary: str, texts: tuple[str, ...], *, gap: str = "", final: str | None = "--") -> str:
    parts = "".join(f"--{boundary}{gap}\nContent-Type: text/plain\n\n{text}\n" for text in texts)
    return parts + (f"--{boundary}{final}{gap}\n" if final is not None else "")
