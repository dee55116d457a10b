"""Signing in at the house's identity provider: it says who somebody is, the desk's own accounts say what they may."""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from llm_assets.domain.errors import ConfigurationError, DeskError
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.review import people
from llm_assets.words.sentence import Sentence
from resources.identity import IdentityProvider, NotProvenError, SignInRequest, provider_of

RETURN = "/signin/back"
"""Where the provider sends people; registered there with the app's address before it."""
LASTS = timedelta(minutes=10)
AT_ONCE = 5_000
"""People under way at one time; of more, those who began first begin again."""


class NotSignedInError(DeskError):
    """Said to the person who came back, in one sentence."""


@dataclass
class SignOn:
    """People on their way to the provider and back. Kept in memory: after a restart they begin again."""

    assembly: Assembly
    provider: IdentityProvider
    _under_way: dict[str, tuple[SignInRequest, datetime]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> tuple[str, str]:
        """A key that this browser alone gets, and the address at which the person signs in."""
        key = secrets.token_urlsafe(32)
        asked = SignInRequest(*(secrets.token_urlsafe(48) for _ in range(3)))
        address = self.provider.address_for(asked)
        now = self.assembly.clock()
        with self._lock:
            kept = {k: v for k, v in self._under_way.items() if v[1] > now}
            self._under_way = dict([*kept.items()][1 - AT_ONCE :]) | {key: (asked, now + LASTS)}
        return key, address

    def finish(self, key: str, given: Mapping[str, str]) -> str:
        """The token of a new session. A way back is gone once, whatever comes of it.

        Raises NotSignedInError; UnreachableError and TransientError of the provider.
        """
        with self._lock:
            asked, until = self._under_way.pop(key, (None, self.assembly.clock()))
        if asked is None or until <= self.assembly.clock():
            raise NotSignedInError(
                Sentence("This sign-in is over or was not begun in this browser; begin again.")
            )
        if not secrets.compare_digest(given.get("state", "").encode(), asked.state.encode()):
            raise NotSignedInError(
                Sentence("This sign-in is over or was not begun in this browser; begin again.")
            )
        if "error" in given or not given.get("code"):
            raise NotSignedInError(Sentence("The identity provider did not sign you in."))
        try:
            claims = self.provider.claims(given["code"], asked)
        except NotProvenError as err:
            raise NotSignedInError(
                Sentence(
                    "The identity provider's answer proves nothing (%(what)s); begin again.", what=str(err)
                )
            ) from err
        return self._session_of(claims)

    def _session_of(self, claims: Mapping[str, Any]) -> str:
        claim = self.assembly.settings.oidc_claim
        name = claims.get(claim)
        if not isinstance(name, str) or not name:
            raise NotSignedInError(
                Sentence("The identity provider does not say your %(claim)s.", claim=claim)
            )
        if claim == "email" and claims.get("email_verified", True) not in (True, "true"):
            raise NotSignedInError(Sentence("The identity provider has not verified your email address."))
        found = self.assembly.ledger.people.with_hash(name)
        if found is None:
            raise NotSignedInError(Sentence("%(name)s has no account at this desk.", name=name))
        return people.sign_in_as(self.assembly, found[0])


def sign_on(assembly: Assembly, address: str) -> SignOn | None:
    """None where the settings name no provider. `address`: where people open the app. Raises ConfigurationError."""
    provider = provider_of(assembly.settings, address.rstrip("/") + RETURN)
    return SignOn(assembly, provider) if provider is not None else None


def public_address(assembly: Assembly) -> str:
    """Where people open an app behind a proxy; never as a request says, which anybody may write.

    Raises ConfigurationError where an identity provider has to know it.
    """
    url = assembly.settings.review_url or ""
    if assembly.settings.oidc_issuer is not None and not url.startswith("https://"):
        raise ConfigurationError(
            "LLM_ASSETS_OIDC_ISSUER behind a proxy needs LLM_ASSETS_REVIEW_URL: the https address that people come back to"
        )
    return url
