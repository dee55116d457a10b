"""The commands `control-set`: records with what people decided about them, on which prompts and models are tried."""

from typing import Annotated

import typer

from llm_assets.cli.options import DayOption, who

control_set = typer.Typer(
    name="control-set", help="Labelled records on which prompts and models are tried.", no_args_is_help=True
)


@control_set.command()
def add(
    day: DayOption,
    record: Annotated[str, typer.Option(help="A record_id, case_id or Message-ID of that day.")],
    by: Annotated[str | None, typer.Option(help="Who adds it; default: this account.")] = None,
) -> None:
    """Add one record with its decided values, or renew its label."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.records.label_record import label_record
    from llm_assets.usecases.review.decide import case_of

    with open_desk() as assembly:
        made = label_record(assembly, day.date(), case_of(assembly, day.date(), record), by or who())
    print(f"{made.folder / made.label.file}: {made.label.category}, {len(made.label.fields)} fields")


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
    from llm_assets.usecases.records.label_record import own_folder

    with open_desk() as assembly:
        own_folder(assembly)
        drawn = draw_control_set(assembly, days, count, by or who())
    for (queue, category), cases in sorted(drawn.by_stratum.items()):
        print(f"{queue}  {category}  {cases}")
    print(f"{drawn.cases} cases drawn, {drawn.new} of them now: label them with `llm-assets review`")
