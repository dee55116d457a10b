"""An HTTP client for Gemini's REST API. Its errors have the shape of the SDKs' errors, which `errors.py` classifies.

It retries nothing, and it checks answers against `shapes.py` when it is strict.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel

from resources.providers.gemini.refusals import Understood, understood
from resources.providers.sdk import timeouts

if TYPE_CHECKING:
    import httpx2

ADDRESS = "https://generativelanguage.googleapis.com"


class GeminiError(Exception):
    """An answer with an error status, as `understood` reads it."""

    def __init__(self, read: Understood) -> None:
        super().__init__(read.status)
        self.status_code = read.status
        self.response = read  # its headers say when to come back
        self.body = read.body


@dataclass(frozen=True, slots=True)
class Answered:
    """A success, not yet read."""

    http_response: "httpx2.Response"
    shape: type[BaseModel]

    @property
    def headers(self) -> Mapping[str, str]:
        return self.http_response.headers

    def parse(self) -> BaseModel:
        """Raises ValueError for a body that breaks the contract."""
        return self.shape.model_validate_json(self.http_response.content)


class GeminiClient:
    """Calls one address with one key, which goes into a header and never into the address."""

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None,
        timeout: "httpx2.Timeout",
        headers: Mapping[str, str],
        query: Mapping[str, str],
        http: Mapping[str, Any],
    ) -> None:
        """`http` holds further options of the HTTP client: how redirects and proxies are treated."""
        import httpx2

        self._http = httpx2.Client(
            base_url=base_url if base_url is not None else ADDRESS,
            headers={**headers, "x-goog-api-key": api_key},
            params=dict(query),
            timeout=timeout,
            follow_redirects=True,
            **http,
        )

    @property
    def base_url(self) -> "httpx2.URL":
        return self._http.base_url

    def get(self, path: str, shape: type[BaseModel], **query: str) -> Answered:
        return self._answered(self._http.get(path, params=query), shape)

    def post(
        self, path: str, shape: type[BaseModel], body: Mapping[str, Any], seconds: float | None = None
    ) -> Answered:
        """`seconds`: how long the answer is waited for; the client's own time where None."""
        json = {"Content-Type": "application/json"}
        return self.send(path, shape, orjson.dumps(body), json, seconds)

    def delete(self, path: str, shape: type[BaseModel]) -> Answered:
        return self._answered(self._http.delete(path), shape)

    def send(
        self,
        path: str,
        shape: type[BaseModel],
        content: bytes | Iterable[bytes],
        headers: Mapping[str, str],
        seconds: float | None = None,
    ) -> Answered:
        limit = self._http.timeout if seconds is None else timeouts(seconds)
        return self._answered(self._http.post(path, content=content, headers=headers, timeout=limit), shape)

    def at_home(self, address: str) -> str:
        """A given address as a path of our own base URL: a gateway may pass on the one of the API, where the key and the
        input are not sent. Google's SDK rewrites it in the same way."""
        parts = urlsplit(address)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    @contextmanager
    def stream(self, path: str, **query: str) -> Iterator["httpx2.Response"]:
        with self._http.stream("GET", path, params=query) as response:
            if not response.is_success:
                response.read()
                raise _error(response)
            yield response

    def _answered(self, response: "httpx2.Response", shape: type[BaseModel]) -> Answered:
        if not response.is_success:
            raise _error(response)
        return Answered(response, shape)


def _error(response: "httpx2.Response") -> GeminiError:
    try:
        body: object = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = None
    read = understood(response.status_code, body)
    return GeminiError(read._replace(headers={**response.headers, **read.headers}))
