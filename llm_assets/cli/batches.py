"""The commands about batches at a provider: `reconcile`, `batches list`, `batches cancel` and `batches clean`."""

import json
from typing import Annotated

import typer

from llm_assets.cli.console import say
from llm_assets.cli.options import EXIT_INCOMPLETE, JsonOption, OnlyDayOption, date_of, who

batches = typer.Typer(
    no_args_is_help=True, help="Batches at a provider: list them, cancel one, remove what they left."
)


def reconcile() -> None:
    """Adopt or close what a crash left between us and the provider, and print what was done."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.night import reconcile as use_case

    with open_desk() as assembly:
        found = use_case.reconcile(assembly)
    for batch, now in found:
        moved = f"{batch.state} -> {now.state}" if now.state is not batch.state else f"still {now.state}"
        print(
            f"{batch.batch_id}  {batch.day}  {batch.step}  {moved}  {now.provider_batch_id or '-'}  {now.detail}"
        )
    waiting = sum(each.is_unclear for each in found)
    print(f"{len(found)} open batches, {waiting} still to be reconciled")


@batches.command("list")
def list_batches(day: OnlyDayOption = None, as_json: JsonOption = False) -> None:
    """List the open and raced batches, or all batches of a day: state, requests, age, and why one does not move."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.night import batches as use_case

    with open_desk() as assembly:
        found = use_case.batches(assembly, date_of(day))
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for batch in found:
        age = f"{batch['age_minutes']:g} min" if batch["age_minutes"] is not None else "-"
        state = f"{batch['state']}, cancelling" if batch["cancelling"] else batch["state"]
        say(
            f"{batch['id']}  {batch['day']}  {batch['step']:<18} {_counted(batch['requests'], 'request')}  {state}  {age}  "
            f"{batch['provider']} {batch['provider_batch_id'] or '-'}  {batch['detail']}".rstrip()
        )
    print(_counted(len(found), "batch", "batches"))


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


@batches.command("cancel")
def cancel_batch(
    batch: Annotated[str, typer.Argument(metavar="ID", help="Our id of the batch, or the provider's.")],
) -> None:
    """Cancel a batch at the provider, and say what becomes of its requests."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.night.batches import cancel

    with open_desk() as assembly:
        said = cancel(assembly, batch, by=who())
    say(said)


@batches.command("clean")
def clean_batches() -> None:
    """Remove the files and results that batches which are over have left at the provider; exit 1 when some stay."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.provider_files import remove_left_behind

    with open_desk() as assembly:
        cleaned = remove_left_behind(assembly)
    print(
        f"removed what {_counted(cleaned.removed, 'batch or file', 'batches or files')} had left, "
        f"{cleaned.failed} could not be removed"
    )
    if cleaned.failed:
        raise SystemExit(EXIT_INCOMPLETE)
