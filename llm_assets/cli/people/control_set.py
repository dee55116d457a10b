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
