"""The command `review`: the review app, until SIGTERM."""

from typing import Annotated

import typer

from llm_assets.cli.options import who


def review(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8100,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy with TLS is in front; needs accounts.")
    ] = False,
) -> None:
    """Serve the review app: doubtful cases, one decision a time. Without accounts its link signs this account in once."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.web.review import serve

    with open_desk() as assembly:
        serve(
            assembly,
            host,
            port,
            behind_proxy=behind_proxy,
            owner=who(),
            announce=lambda url: print(url, flush=True),
        )
