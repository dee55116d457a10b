"""The commands `dead-letters list` and `dead-letters requeue`."""

from typing import Annotated

import typer

from llm_assets.cli.console import say
from llm_assets.cli.options import MaybeDayOption, date_of, who

dead_letters = typer.Typer(no_args_is_help=True, help="Records that failed for good, and putting them back.")


@dead_letters.command("list")
def list_dead_letters(
    day: MaybeDayOption = None, step: Annotated[str | None, typer.Option(help="Only this step.")] = None
) -> None:
    """List records that failed for good, with the reason."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.night import dead_letters as use_case

    with open_desk() as assembly:
        letters = use_case.dead_letters(assembly, date_of(day), step)
    for letter in letters:
        say(
            f"{letter.day}  {letter.step:<18} {letter.request_id}  {letter.provider}  "
            f"{letter.provider_batch_id or '-'}  {letter.custom_id or '-'}  {letter.outcome}: {letter.detail}"
        )
    print(f"{len(letters)} dead letters")


@dead_letters.command("requeue")
def requeue_dead_letters(
    day: MaybeDayOption = None, step: Annotated[str | None, typer.Option(help="Only this step.")] = None
) -> None:
    """Put dead letters back; the next night run sends them again."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.night.dead_letters import requeue

    with open_desk() as assembly:
        count = requeue(assembly, date_of(day), step, by=who())
    print(f"{count} requests are due again")
