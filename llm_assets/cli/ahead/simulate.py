"""The command `simulate`: nights on a virtual clock, as a table and a picture."""

import json
import logging
from typing import Annotated

import typer

from llm_assets.cli.console import Console, quiet_logs
from llm_assets.cli.options import JsonOption


def simulate(
    profile: Annotated[str, typer.Option(help="YAML file, or the name of a shipped simulation.")],
    as_json: JsonOption = False,
) -> None:
    """Run nights through the real engine on a virtual clock: when each step ends against the deadline, and its price.

    Needs no key and asks no provider; what the provider does is modelled in the file.
    """
    from llm_assets.usecases.simulate.show import show_simulation

    quiet_logs(logging.ERROR)  # a modelled provider's troubles are no news
    with Console() as console:
        shown = show_simulation(profile, console.stage)
    for line in shown.lines:
        print(line)
    print(f"picture: {shown.picture}")
    if as_json:
        print(json.dumps(shown.json, ensure_ascii=False))
