"""The review app as a process: where it listens, and what has to be there before it does. Run by `serve`."""

import asyncio
import ipaddress
import secrets
from collections.abc import Callable

import uvicorn

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.people import Person, PersonRole
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.review.single_sign_on import public_address
from llm_assets.web.listening import Server, listen
from llm_assets.web.review.app import application

CONNECTIONS = 500
BODY_SECONDS = 15


def serve(
    assembly: Assembly,
    host: str,
    port: int,
    *,
    behind_proxy: bool,
    owner: str,
    announce: Callable[[str], None],
) -> None:
    """Answers until SIGTERM. `announce` is called with the address to open; where nobody has an account, that is a link which
    signs `owner` in once.

    Raises ConfigurationError for an address that others reach without accounts and a proxy with TLS, and for a port that is
    taken.
    """
    accounts = assembly.ledger.people.everybody()
    if not _is_loopback(host) and not behind_proxy:
        raise ConfigurationError(
            f"{host} is reached by other machines: put a proxy with TLS in front and say --behind-proxy, or listen on 127.0.0.1"
        )
    if not accounts and (behind_proxy or not _is_loopback(host)):
        raise ConfigurationError(
            "nobody may sign in yet: add an account with `llm-assets users add NAME --role lead`"
        )
    entry = None if accounts else secrets.token_urlsafe(24)
    person = None if accounts else Person(owner, PersonRole.LEAD)
    listener = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listener.getsockname()[1]}"
    public = public_address(assembly) if behind_proxy else address
    app = application(assembly, secure=behind_proxy, entry=entry, owner=person, address=public)
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=BODY_SECONDS,
        timeout_graceful_shutdown=BODY_SECONDS,
        proxy_headers=behind_proxy,
    )
    server = Server(config)
    server.capture_signals()
    announce(f"{address}/enter?token={entry}" if entry is not None else address)
    asyncio.run(server.serve(sockets=[listener]))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
