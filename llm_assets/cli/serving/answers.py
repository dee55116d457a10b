"""The online door and the keys of its callers: `answers`, and `keys add|list|revoke`."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from llm_assets.cli.console import quiet_logs
from llm_assets.cli.options import who

if TYPE_CHECKING:
    from llm_assets.usecases.answers.keys import ListedKey

keys = typer.Typer(no_args_is_help=True, help="Keys of the programs that ask the online door.")
NAME = Annotated[str, typer.Argument(help="The caller's name.")]


def answers(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8200,
    host: Annotated[str, typer.Option(help="Address to listen on; other machines need a proxy with TLS.")] = (
        "127.0.0.1"
    ),
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that answer side by side; about one for each core.")
    ] = 1,
    metrics_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port on loopback for Prometheus; none by default.")
    ] = None,
    worker: Annotated[
        int | None, typer.Option(help="Descriptor of the socket to answer at.", hidden=True)
    ] = None,
) -> None:
    """Answer callers now, until SIGTERM: the desk's steps over HTTP, and as an OpenAI-compatible API under /v1."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.web.answers import Serving, serve, serve_as_worker

    quiet_logs(logging.INFO)  # a line for each request
    with open_desk() as assembly:
        if worker is not None:
            serve_as_worker(assembly, worker)
        else:
            serve(
                assembly,
                Serving(host, port, workers, metrics_port),
                lambda url: print(url, flush=True),
            )


@keys.command("add")
def add_key_of(
    name: NAME,
    steps: Annotated[
        str,
        typer.Option(help="Steps that it may ask for, with commas between them; check: files at /v1/check."),
    ],
    queue: Annotated[
        list[str] | None, typer.Option(help="May use only this queue; may be given more than once.")
    ] = None,
    lane: Annotated[str, typer.Option(help="urgent | nightly | archive")] = "urgent",
    rpm: Annotated[int | None, typer.Option(min=1, help="Requests a minute.")] = None,
    tpm: Annotated[int | None, typer.Option(min=1, help="Tokens a minute, answers included.")] = None,
    budget_usd: Annotated[
        float | None, typer.Option(min=0, help="The most that it may cost in a day.")
    ] = None,
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day on which it works.")
    ] = None,
) -> None:
    """Make a key. It is shown this once and stored as a hash."""
    from llm_assets.usecases.answers.keys import Wanted, add_key
    from llm_assets.usecases.desk.desk import open_desk

    wanted = Wanted(
        name,
        [step.strip() for step in steps.split(",") if step.strip()],
        queue or [],
        lane,
        rpm,
        tpm,
        Decimal(str(budget_usd)) if budget_usd is not None else None,
        expires.date() if expires is not None else None,
    )
    with open_desk() as assembly:
        print(add_key(assembly, wanted, who()))


@keys.command("list")
def list_keys(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, one array of all keys.")] = False,
) -> None:
    """List every key: what it may, its limits, what it has spent today and when it was used last."""
    from llm_assets.usecases.answers.keys import listed_keys
    from llm_assets.usecases.desk.desk import open_desk

    with open_desk() as assembly:
        found = listed_keys(assembly)
        zone = ZoneInfo(assembly.settings.timezone)
    if as_json:
        print(json.dumps([key.as_json() for key in found], ensure_ascii=False))
        return
    for key in found:
        print("  ".join(_told(key, zone)))
    if not found:
        print("none; make one with: llm-assets keys add NAME --steps categories,drafts")


def _told(key: "ListedKey", zone: ZoneInfo) -> Iterator[str]:
    caller, use = key.caller, key.use
    yield from (caller.name, key.state, ", ".join(caller.steps), ", ".join(caller.queues) or "all queues")
    yield caller.lane
    if caller.requests_per_minute is not None:
        yield f"{caller.requests_per_minute} requests/min"
    if caller.tokens_per_minute is not None:
        yield f"{caller.tokens_per_minute} tokens/min"
    most = f" of {caller.budget_usd:f}" if caller.budget_usd is not None else ""
    yield f"today {use.spent_usd:.4f}{most} USD"
    if use.reserved_usd:
        yield f"{use.reserved_usd:.4f} USD reserved"
    yield f"last used {use.last_used.astimezone(zone):%Y-%m-%d %H:%M}" if use.last_used else "never used"
    if key.gone:
        yield f"not there any more: {', '.join(key.gone)}"


@keys.command("revoke")
def revoke_key_of(name: NAME) -> None:
    """Revoke a key; it is refused from now on."""
    from llm_assets.usecases.answers.keys import revoke_key
    from llm_assets.usecases.desk.desk import open_desk

    with open_desk() as assembly:
        revoke_key(assembly, name, who())
    print(f"{name} is refused from now on")
