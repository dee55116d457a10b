"""The commands `control-set`: records with what people decided about them, on which prompts and models are tried."""

from typing import Annotated

import typer

from llm_assets.cli.options import who

control_set = typer.Typer(
    name="control-set", help="Labelled records on which prompts and models are tried.", no_args_is_help=True
)


@control_set.callback()
def _commands() -> None:
    """A group, however many commands it has."""


@control_set.command()
def sample(
    days: Annotated[int, typer.Option(min=1, help="How many of the last days to draw from.")] = 7,
    count: Annotated[
        int, typer.Option("-n", min=1, help="How many cases, those drawn before included.")
    ] = 200,
    by: Annotated[str | None, typer.Option(help="Who draws; default: this account.")] = None,
) -> None:
    """Draw cases of all queues and categories; they wait in the review app to be labelled."""
    from llm_assets.usecases.agreement.draw_control_set import draw_control_set
    from llm_assets.usecases.desk.desk import open_desk

    with open_desk() as assembly:
        drawn = draw_control_set(assembly, days, count, by or who())
    for (queue, category), cases in sorted(drawn.by_stratum.items()):
        print(f"{queue}  {category}  {cases}")
    print(f"{drawn.cases} cases drawn, {drawn.new} of them now: label them with `llm-assets review`")
