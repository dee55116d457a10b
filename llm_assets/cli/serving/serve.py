"""The commands that serve until they are stopped: `emulator`, `forms` and `webhooks`."""

from pathlib import Path
from typing import Annotated

import typer


def emulator(
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes a free one.")] = 0,
    scenario: Annotated[Path | None, typer.Option(help="YAML file of faults.")] = None,
    record: Annotated[
        Path | None, typer.Option(help="Write every request to this file as JSON Lines.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="Folder of its batches and files; default: under LLM_ASSETS_HOME.")
    ] = None,
    latency: Annotated[float, typer.Option(help="Seconds a batch takes.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the order of results.")] = 0,
    exit_with_parent: Annotated[
        int | None, typer.Option(help="Process id; end soon after that process does.", hidden=True)
    ] = None,
) -> None:
    """Serve the providers' wire protocols on loopback: a demo model of rules, not an LLM."""
    from llm_assets.usecases.desk.demo_emulator import serve_emulator

    serve_emulator(
        state=state,
        port=port,
        latency=latency,
        seed=seed,
        scenario=scenario,
        record=record,
        exit_with_parent=exit_with_parent,
    )


def forms(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8090,
    host: Annotated[str, typer.Option(help="Address to listen on; other machines need a proxy with TLS.")] = (
        "127.0.0.1"
    ),
    client_seconds: Annotated[
        int, typer.Option(min=1, help="How long a client may take for its request; large ones get more.")
    ] = 15,
) -> None:
    """Take in web forms that other programs post to /forms/NAME, until SIGTERM: those that sources.yaml declares."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.web.forms import Listening, serve

    with open_desk() as assembly:
        serve(assembly, Listening(host, port, client_seconds), lambda url: print(url, flush=True))


def webhooks(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8300,
    host: Annotated[str, typer.Option(help="Address to listen on; the provider needs a proxy with TLS.")] = (
        "127.0.0.1"
    ),
) -> None:
    """Take in OpenAI's webhooks until SIGTERM: a batch that has ended is looked at at once. Needs OPENAI_WEBHOOK_SECRET."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.web.webhooks import serve

    with open_desk() as assembly:
        serve(assembly, host, port, lambda url: print(url, flush=True))
