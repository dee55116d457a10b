"""A profile's key and address, and the checks that keep the key and mail text where they belong."""

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Profile

if TYPE_CHECKING:
    import httpx2

EMULATOR_KEY = "emulator"


def key_env(profile: Profile) -> str:
    return profile.api_key_env if profile.api_key_env is not None else profile.wire.key_env


def api_key(profile: Profile) -> str:
    """The profile's key from the environment. Raises ConfigurationError that names the variable.

    An emulated profile that names no variable never gets a real key, because an emulator may record its requests.
    """
    if profile.emulated and profile.api_key_env is None:
        return EMULATOR_KEY
    key = os.environ.get(key_env(profile), "").strip()
    if key:
        return _sendable(key, key_env(profile))
    if profile.emulated:
        return EMULATOR_KEY
    raise ConfigurationError(f"Profile {profile.name} has no key: set {key_env(profile)}.")


def _sendable(key: str, name: str) -> str:
    """A key that can be a header. The sentence says where it cannot, never what it is."""
    for position, character in enumerate(key, start=1):
        if not "!" <= character <= "~":
            code = f"U+{ord(character):04X}"
            raise ConfigurationError(
                f"{name} holds a character that no key has ({code} at position {position}): copy the key anew, without "
                "spaces, line ends, and letters of other alphabets."
            )
    if key[0] in "\"'`" or key[-1] in "\"'`":
        raise ConfigurationError(f"{name} stands in quotation marks that belong to it: remove them.")
    return key


def check_address(profile: Profile) -> None:
    """Raises ConfigurationError for an address that is no address of a server, or that has a secret in it."""
    if profile.emulated and profile.base_url is None:
        return
    own = profile.base_url is not None
    name = f"base_url of profile {profile.name}" if own else profile.wire.base_url_env
    address = (profile.base_url if own else os.environ.get(name, "").strip()) or None
    if address is None:
        return
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not address.isascii() or any(c <= " " or c == "\x7f" for c in address):
        raise ConfigurationError(
            f"{name} is no address: write it as https://host/path, with a port if it needs one."
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError(
            f"{name} holds a user, a password or a query, which are no part of an address: write https://host/path, and "
            f"put the key into {key_env(profile)}."
        )


def base_url(profile: Profile) -> str | None:
    """The profile's own address, else the protocol's variable, else None for the SDK's default.

    Raises ConfigurationError for an emulated profile without an address, which must not reach a real provider.
    """
    check_address(profile)
    address = profile.base_url or os.environ.get(profile.wire.base_url_env, "").strip() or None
    if address is None and profile.emulated:
        raise ConfigurationError(
            f"Profile {profile.name} is emulated and has no base_url: start the emulator."
        )
    return address


def address_of(profile: Profile) -> str:
    """Where calls go: `base_url`, or where the protocol's owner serves it."""
    return base_url(profile) or profile.wire.owner_url


def extra_headers(profile: Profile) -> dict[str, str]:
    """The profile's own headers, with the values of secret ones from the environment. Raises ConfigurationError that
    names the variable. An emulated profile gets no real secret, because an emulator may record its requests."""
    found = dict(profile.dialect.headers)
    for header, variable in profile.dialect.secret_headers.items():
        value = os.environ.get(variable, "").strip()
        if profile.emulated:
            value = EMULATOR_KEY
        if not value:
            raise ConfigurationError(f"Profile {profile.name} sends the header {header}: set {variable}.")
        found[header] = _sendable(value, variable)
    return found


def quiet(sdk: str) -> None:
    """Turns the SDK's debug log off: it prints whole requests, and mail text never reaches a log."""
    logger = logging.getLogger(sdk)
    logger.setLevel(max(logging.INFO, logger.level))


class SentElsewhereError(Exception):
    """An answer redirects to another scheme, host or port. The HTTP library would send the request there again, with the
    key in a header that it does not know as one, and with the mail in its body."""


def stay_here() -> "dict[str, list[Callable[[httpx2.Response], None]]]":
    """Event hooks for an SDK's HTTP client: a redirect that leaves the origin ends the call with SentElsewhereError
    before anything is sent there. One within the origin is followed."""
    return {"response": [_refuse_to_leave]}


def _refuse_to_leave(response: "httpx2.Response") -> None:
    if response.has_redirect_location and not _stays(response.request.url, response.headers["location"]):
        raise SentElsewhereError


def _stays(here: "httpx2.URL", location: str) -> bool:
    """Whether a redirect leads to the origin it came from, as the HTTP library reads its address and as the standard
    library does. An address with a scheme and no host would keep the host and lose the port."""
    import httpx2

    try:
        parts = urlsplit(location)
        if parts.scheme and not parts.netloc:
            return False
        read = (urljoin(str(here), location), str(here.join(location)))
    except (ValueError, httpx2.InvalidURL):
        return False
    return all(same_origin(url, str(here)) for url in read)


def same_origin(url: str, base: str) -> bool:
    """Whether a URL has the scheme, host and port of `base`, so that the key may be sent there."""
    try:
        return _origin(url) == _origin(base)
    except ValueError:  # brackets or a port that are none
        return False


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    port = parts.port
    return (
        parts.scheme,
        parts.hostname,
        port if port is not None else {"http": 80, "https": 443}.get(parts.scheme),
    )
