"""Redaction: secrets of settings never appear in what is printed. Pure; which secrets there are is found in
`resources/settings/secrets.py`.

Known secrets are replaced wherever they are, in the spellings in which a URL, JSON or Python prints them. What looks like
the secret part of a URL is replaced even where nobody knows it.
"""

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus

HIDDEN = "***"
SHORTEST = 6
"""Of a secret that is looked for in any text; a shorter one would hide ordinary words. In a URL its place shows it."""
SECRET_PARAMETER = re.compile(
    r"(pass(word|wd|file|phrase)?|pwd|sslpassword|secret|token|sig(nature)?|(api|access|auth|subscription|private)"
    r"[-_]?(key|token)|key|auth|credential)s?",
    re.I,
)
_USERINFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]{0,30}://)(?P<userinfo>[^\s\"'<>]{0,300})@", re.I)
_PARAMETER = re.compile(
    rf"(?P<name>(?:^|(?<=[?&;\s\"'(]))(?:{SECRET_PARAMETER.pattern}))=(?P<value>[^&\s\"'<>]+)", re.I
)


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets and without secret parts of URLs."""
    for secret in sorted({s for one in secrets for s in _spelled(one)}, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, HIDDEN)
    if "://" in text and "@" in text:
        text = _USERINFO.sub(lambda found: f"{found['scheme']}{_without_password(found['userinfo'])}@", text)
    if "=" in text:
        text = _PARAMETER.sub(lambda found: f"{found['name']}={HIDDEN}", text)
    return text


def _without_password(userinfo: str) -> str:
    user, colon, _ = userinfo.partition(":")
    return f"{user}:{HIDDEN}" if colon else HIDDEN


def _spelled(secret: str) -> Iterator[str]:
    """A secret as other programs print it."""
    plain = secret.strip()
    spellings = {plain, unquote(plain), unquote_plus(plain)}
    bare = list(spellings)
    spellings |= {quote(one, safe="", errors="surrogatepass") for one in bare}
    spellings |= {quote_plus(one, errors="surrogatepass") for one in bare}
    spellings |= {repr(one)[1:-1] for one in list(spellings)} | {
        json.dumps(one)[1:-1] for one in list(spellings)
    }
    yield from (one for one in spellings if len(one) >= SHORTEST)


def secrets_of_url(url: str) -> Iterator[str]:
    """What of a URL is secret: the password, a user name that stands for one, and values of secret parameters. A URL that
    is malformed gives more than that rather than less."""
    _, slashes, rest = url.partition("://")
    if not slashes:
        return
    before, _, query = rest.partition("?")
    for part in {before.rpartition("@")[0], rest.rpartition("@")[0]}:
        user, colon, password = part.partition(":")
        if colon:
            yield password
            yield from re.split(r"[@/?#]", password)
        elif user:
            yield user
    for name, value in parse_qsl(query.partition("#")[0], keep_blank_values=True, errors="replace"):
        if SECRET_PARAMETER.fullmatch(name):
            yield value
