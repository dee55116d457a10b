"""The webhooks' endpoint as a process. Run by `webhooks`."""

from collections.abc import Callable

from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.wakeups.receive_webhook import webhook_receiver_of
from llm_assets.web.endpoint.process import Listening, run
from llm_assets.web.webhooks.app import application

CLIENT_SECONDS = 15


def serve(assembly: Assembly, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Answers until SIGTERM. Raises ConfigurationError: no secret, the port is taken, the ledger unreachable."""
    assembly.ledger.migrate()
    app = application(webhook_receiver_of(assembly), CLIENT_SECONDS)
    run(app, Listening(host, port, CLIENT_SECONDS), lambda url: announce(f"{url}/webhooks"))
