"""A small identity provider on loopback: it checks the client, the code and PKCE, and signs RS256 tokens that a test may spoil."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "desk", "a secret: of % the desk"
Spoil = Callable[[dict[str, Any]], Any]


@cache
def a_key(kid: str | None, number: int = 0) -> RSAKey:
    """Made once for a session; `number` tells keys of one id apart."""
    return RSAKey.generate_key(2048, {"kid": kid or "", "use": "sig"})


@dataclass
class Provider:
    port: int
    person: dict[str, Any] = field(default_factory=lambda: {"email": "lena@company.example"})
    spoil: Spoil = lambda claims: None
    """Changes the claims before they are signed."""
    signs: Callable[["Provider", dict[str, Any]], str] = lambda self, claims: self.signed(claims)
    key: RSAKey = field(default_factory=lambda: a_key("first"))
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    """Code -> what its sign-in was asked with; a code is taken once."""
    description: dict[str, Any] = field(default_factory=dict)
    refuses: bool = False

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}/realm"

    def signed(self, claims: dict[str, Any], key: RSAKey | None = None) -> str:
        used = key or self.key
        return jwt.encode({"alg": "RS256", "kid": used.kid}, claims, used, algorithms=["RS256"])

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.description,
        }

    def sent_back(self, given: dict[str, str]) -> str:
        """Whoever comes is believed to be the person."""
        assert (given["response_type"], given["client_id"], given["code_challenge_method"]) == (
            "code",
            CLIENT,
            "S256",
        )
        back = {"state": given["state"]}
        if self.refuses:
            back |= {"error": "access_denied", "error_description": "<script>document.title='taken'</script>"}
        else:
            back["code"] = secrets.token_urlsafe(16)
            self.asked[back["code"]] = given
        return f"{given['redirect_uri']}?{urlencode(back)}"

    def token(self, authorization: str, given: dict[str, str]) -> dict[str, Any] | None:
        name, _, secret = base64.b64decode(authorization.partition(" ")[2]).decode().partition(":")
        asked = self.asked.pop(given.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(
            hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        ).rstrip(b"=")
        if (
            asked is None
            or (name, secret) != (CLIENT, SECRET)
            or asked["redirect_uri"] != given.get("redirect_uri")
            or asked["code_challenge"] != challenge.decode()
        ):
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer, "sub": "1", "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], **self.person,
        }  # fmt: skip
        self.spoil(claims)
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.signs(self, claims)}


@contextmanager
def identity_provider() -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path)
            if place.path == "/realm/authorize":
                back = provider.sent_back(dict(parse_qsl(place.query)))
                self._write(200, "text/html", f'<a href="{escape(back)}">Yes, it is me</a>')
            elif place.path == "/realm/keys":
                self._answer(200, {"keys": [provider.key.as_dict(private=False)]})
            elif place.path == "/realm/.well-known/openid-configuration":
                self._answer(200, provider.described())
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found = provider.token(self.headers.get("Authorization", ""), dict(parse_qsl(body)))
            self._answer(200, found) if found else self._answer(400, {"error": "invalid_grant"})

        def _answer(self, status: int, said: dict[str, Any]) -> None:
            self._write(status, "application/json", json.dumps(said))

        def _write(self, status: int, kind: str, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
