"""Proxies: which one a call goes through, decided once for all providers, from the variables that other programs read.

HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY count in either case. An address on this machine never goes through one: a
proxy elsewhere would look for it on itself.
"""

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from llm_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    import httpx2

_KEPT_ALIVE = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
"""An answer may take ten minutes, and routers forget connections on which nothing moves."""


def is_loopback(host: str) -> bool:
    if host.rstrip(".").lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def proxy_for(address: str) -> str | None:
    """The proxy of calls to this address, as the environment writes it; None where they go straight."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    known = getproxies()
    if is_loopback(host) or not any(known.get(scheme) for scheme in (parts.scheme, "all")):
        return None
    if proxy_bypass(f"{host}:{parts.port}" if parts.port is not None else host):
        return None
    found = known.get(parts.scheme) or known["all"]
    return found if "://" in found else f"http://{found}"


def shown(proxy: str | None) -> str:
    """A proxy as people may see it: without user and password. Empty where there is none."""
    if proxy is None:
        return ""
    try:
        parts = urlsplit(proxy)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return "one whose address cannot be read"
    return f"{parts.scheme}://{parts.hostname}{port}"


def transport_for(address: str) -> "httpx2.HTTPTransport":
    """The transport of the SDK's HTTP client: through this proxy or straight, whatever the library would find itself.

    Certificates still come from where the environment says (SSL_CERT_FILE), which a proxy that reads TLS needs.
    Raises ConfigurationError for a proxy that cannot be used.
    """
    import httpx2

    found = proxy_for(address)
    limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
    try:
        return httpx2.HTTPTransport(proxy=found, limits=limits, socket_options=_KEPT_ALIVE)
    except (ValueError, ImportError, httpx2.InvalidURL) as err:
        raise ConfigurationError(
            f"The proxy of the environment, {shown(found)}, cannot be used ({type(err).__name__}): name an http:// one in "
            "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, or the host of the provider in NO_PROXY."
        ) from None
