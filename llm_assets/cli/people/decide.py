"""The command `decide`: one decision from a script, by the same rules as in the review app."""

from typing import Annotated

import typer

from llm_assets.cli.options import DayOption, who
from llm_assets.domain.errors import ConfigurationError


def decide(
    day: DayOption,
    record: Annotated[str, typer.Option(help="A record_id, case_id or Message-ID of that day.")],
    step: Annotated[str, typer.Option(help="The step whose answer is decided, e.g. categories.")],
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", help="A corrected value; may be given more than once.", metavar="FIELD=VALUE"),
    ] = None,
    approve: Annotated[bool, typer.Option("--approve", help="The answer is right as it is.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="The newest decision no longer holds.")] = False,
    give_up: Annotated[bool, typer.Option("--give-up", help="Nobody answers this case.")] = False,
    send_back: Annotated[bool, typer.Option("--send-back", help="The model is asked once more.")] = False,
    remark: Annotated[str, typer.Option(help="With --send-back: what the model is to look at.")] = "",
    draft_now: Annotated[
        bool, typer.Option("--draft-now", help="Its draft is written at once, online; of the step drafts.")
    ] = False,
    by: Annotated[str | None, typer.Option(help="Who decides; default: this account.")] = None,
) -> None:
    """Decide one case: correct values, approve the answer, undo the newest decision, give the case up, send its answer back or
    have its draft written now."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.review.decide import REMARK, DecisionKind, Wanted
    from llm_assets.usecases.review.decide import decide as use_case
    from llm_assets.usecases.review.draft_now import DRAFTS
    from llm_assets.usecases.review.draft_now import draft_now as write_draft

    kinds = {
        DecisionKind.CORRECT: bool(sets),
        DecisionKind.APPROVE: approve,
        DecisionKind.UNDO: undo,
        DecisionKind.DEAD_LETTER: give_up,
        DecisionKind.SEND_BACK: send_back,
        DecisionKind.DRAFT_NOW: draft_now,
    }
    given = [kind for kind, chosen in kinds.items() if chosen]
    if len(given) != 1:
        raise ConfigurationError(
            "give exactly one of --set, --approve, --undo, --give-up, --send-back and --draft-now"
        )
    if draft_now and step != DRAFTS:
        raise ConfigurationError(f"--draft-now is of the step {DRAFTS}: write --step {DRAFTS}")
    if remark and not send_back:
        raise ConfigurationError("--remark goes with --send-back")
    values = {REMARK: remark} if remark else dict(_pair(text) for text in sets or [])
    with open_desk() as assembly:
        if draft_now:
            written = write_draft(assembly, day.date(), record, by or who())
            print(f"draft of case {written.case_id}: {written.status} {written.reason}".rstrip())
            return
        made = use_case(assembly, Wanted(day.date(), record, step, by or who(), given[0], values))
    print(
        f"{made.kind} of {made.step}, decision {made.number} about case {made.case_id}, by {made.decided_by}"
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ConfigurationError(f"--set {name} has no value: write FIELD=VALUE")
    return name.strip(), value.strip()
