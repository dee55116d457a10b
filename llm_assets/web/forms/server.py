"""The forms' endpoint as a process. Run by `serve`."""

from collections.abc import Callable

from llm_assets.domain.errors import ConfigurationError
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.receive_form import form_receiver_of
from llm_assets.web.endpoint.process import Listening, run
from llm_assets.web.forms.app import application

__all__ = ["Listening", "serve"]


def serve(assembly: Assembly, listening: Listening, announce: Callable[[str], None]) -> None:
    """Answers until SIGTERM, then finishes the requests under way. `announce` is called with the address.

    Raises ConfigurationError: no form is declared, a token is not set, the port is taken, the ledger unreachable.
    """
    forms = assembly.sources.forms
    if not forms:
        path = assembly.settings.file("sources.yaml")
        raise ConfigurationError(f"{path} declares no form; add one under `forms` and start again")
    run(application(forms, form_receiver_of(assembly), listening.client_seconds), listening, announce)
