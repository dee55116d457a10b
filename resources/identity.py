"""An identity provider that people sign in at: OpenID Connect, authorization code with PKCE, as Authlib speaks it.

Endpoints and keys come from the issuer's own description. They are kept for an hour; a key that is not among them is looked
for once more. No redirect is followed, and nothing that the provider says is repeated.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from llm_assets.domain.errors import ConfigurationError, DeskError, TransientError, UnreachableError
from resources.settings.environment import Settings
from resources.settings.sources import is_loopback

SECONDS = 15.0
KEPT_SECONDS = 3600.0
LEEWAY_SECONDS = 60
"""By which its clock and ours may differ."""
SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Those of a key that the provider alone has."""
DESCRIPTION = "/.well-known/openid-configuration"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class NotProvenError(DeskError):
    """What came back does not prove who somebody is. The text names what is wrong with it."""


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """What one person's way to the provider and back is bound to."""

    state: str
    nonce: str
    verifier: str
    """Of PKCE: who has the code alone gets nothing for it."""


@dataclass(slots=True)
class IdentityProvider:
    issuer: str
    client_id: str
    secret: str | None
    return_to: str
    """The address of ours that it sends people back to."""
    scope: str = "openid email"
    _described: tuple[float, Mapping[str, Any], Mapping[str, Any]] | None = field(default=None, init=False)

    def address_for(self, asked: SignInRequest) -> str:
        """Where a person signs in. Raises UnreachableError and TransientError."""
        endpoint = self.look()["authorization_endpoint"]
        with self._client() as client:
            address, _ = client.create_authorization_url(
                endpoint, state=asked.state, code_verifier=asked.verifier, nonce=asked.nonce
            )
        return str(address)

    def claims(self, code: str, asked: SignInRequest) -> Mapping[str, Any]:
        """What the provider says of the person who came back with this code.

        Raises NotProvenError, UnreachableError and TransientError.
        """
        endpoint = self.look()["token_endpoint"]
        try:
            with self._client() as client:
                given = client.fetch_token(
                    endpoint, grant_type="authorization_code", code=code, code_verifier=asked.verifier
                )
        except OAuthError as err:
            raise NotProvenError("code") from err
        except (httpx2.HTTPError, ValueError) as err:
            raise self._silent(err) from err
        token = given.get("id_token") if isinstance(given, dict) else None
        if not isinstance(token, str):
            raise NotProvenError("id_token")
        return self._proven(token, str(given.get("access_token", "")), asked)

    def look(self, *, again: bool = False) -> Mapping[str, Any]:
        """The issuer's description. Raises UnreachableError and TransientError."""
        kept = self._described
        if kept is None or again or time.monotonic() - kept[0] > KEPT_SECONDS:
            found = self._fetched(self.issuer.rstrip("/") + DESCRIPTION)
            self._check(found)
            kept = self._described = time.monotonic(), found, self._fetched(found["jwks_uri"])
        return kept[1]

    def _proven(self, token: str, access_token: str, asked: SignInRequest) -> Mapping[str, Any]:
        wanted = {
            "iss": {"essential": True, "value": self.look()["issuer"]},
            "aud": {"essential": True, "value": self.client_id},
        }
        bound = {"nonce": asked.nonce, "client_id": self.client_id, "access_token": access_token}
        try:
            found = self._signed(token)
            claims = CodeIDToken(found.claims, found.header, options=wanted, params=bound)
            claims.validate(leeway=LEEWAY_SECONDS)
        except ClaimError as err:
            raise NotProvenError(err.claim) from err
        except (JoseError, ValueError, TypeError, KeyError) as err:
            raise NotProvenError("signature") from err
        return claims  # type: ignore[no-any-return]

    def _signed(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, self._keys(), algorithms=list(SIGNATURES))
        except InvalidKeyIdError:
            self.look(again=True)
            return jwt.decode(token, self._keys(), algorithms=list(SIGNATURES))

    def _keys(self) -> KeySet:
        assert self._described is not None, "looked at before"
        return KeySet.import_key_set(self._described[2])  # type: ignore[arg-type]

    def _check(self, found: Mapping[str, Any]) -> None:
        """Raises TransientError: whoever runs the provider may correct it."""
        if str(found.get("issuer", "")).rstrip("/") != self.issuer.rstrip("/"):
            raise TransientError(f"the identity provider at {self.issuer} calls itself by another address")
        for name in ENDPOINTS:
            parts = urlsplit(str(found.get(name, "")))
            if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
                raise TransientError(f"the identity provider at {self.issuer} names no {name} that is https")

    def _fetched(self, address: str) -> Mapping[str, Any]:
        try:
            with httpx2.Client(timeout=SECONDS, trust_env=self._elsewhere) as client:
                answer = client.get(address).raise_for_status().json()
        except (httpx2.HTTPError, ValueError) as err:
            raise self._silent(err) from err
        if not isinstance(answer, dict):
            raise self._silent(TypeError())
        return answer

    def _client(self) -> OAuth2Client:
        methods = self.look().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        posts = "client_secret_post" in methods and "client_secret_basic" not in methods
        way = "none" if self.secret is None else "client_secret_post" if posts else "client_secret_basic"
        return OAuth2Client(
            self.client_id,
            self.secret,
            token_endpoint_auth_method=way,
            scope=self.scope,
            redirect_uri=self.return_to,
            code_challenge_method="S256",
            timeout=SECONDS,
            trust_env=self._elsewhere,
        )

    @property
    def _elsewhere(self) -> bool:
        """Whether a proxy of the environment may be on the way: one elsewhere would look for this machine on itself."""
        return not is_loopback(urlsplit(self.issuer).hostname or "")

    def _silent(self, err: Exception) -> UnreachableError:
        return UnreachableError(
            f"the identity provider at {self.issuer} does not answer ({type(err).__name__})"
        )


def provider_of(settings: Settings, return_to: str) -> IdentityProvider | None:
    """The one that the settings name; None where they name none. Raises ConfigurationError."""
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_client_id is None:
        raise ConfigurationError(
            "LLM_ASSETS_OIDC_ISSUER needs LLM_ASSETS_OIDC_CLIENT_ID: the name under which the provider knows this desk"
        )
    secret = settings.oidc_client_secret
    scope = "openid email" if settings.oidc_claim == "email" else "openid email profile"
    return IdentityProvider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        secret.get_secret_value() if secret is not None else None,
        return_to,
        scope,
    )


def answers(settings: Settings) -> str:
    """What the provider of the settings says of itself, asked now. Raises DeskError."""
    provider = provider_of(settings, "")
    assert provider is not None, "whoever asks has looked at the settings"
    provider.look()
    return f"{provider.issuer} answers; accounts are named by its claim {settings.oidc_claim}"
