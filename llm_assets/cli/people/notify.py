"""The command `notify`: tells people what is new, or tries whether they can be told."""

from typing import Annotated

import typer

from llm_assets.cli.options import EXIT_INCOMPLETE


def notify(
    test: Annotated[
        bool, typer.Option("--test", help="Send a test message to each place instead; it is no news.")
    ] = False,
) -> None:
    """Tell the places of notifications.yaml what is new, each piece of news once; Dagster's sensor does it by itself.

    Exit 0: everybody was told. 1: a place could not be reached; it is tried again with the next call, for a day.
    """
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.notify.tell import tell, try_places

    with open_desk() as assembly:
        if not assembly.notifications.places:
            print(f"nobody is named in {assembly.settings.file('notifications.yaml')}")
        elif test:
            tried = try_places(assembly)
            for name, trouble in tried:
                print(f"{name}: {trouble or 'took the test message'}")
            raise SystemExit(EXIT_INCOMPLETE if any(trouble for _, trouble in tried) else 0)
        else:
            told = tell(assembly)
            print(f"{told.sent} notices told{'; ' if told.trouble else ''}{told.trouble}")
            raise SystemExit(EXIT_INCOMPLETE if told.trouble else 0)
