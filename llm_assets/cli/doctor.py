"""The command `doctor`."""

from llm_assets.cli.console import Console, say
from llm_assets.cli.options import EXIT_INCOMPLETE


def doctor() -> None:
    """Check configuration, keys, reachability, database, time zone, OCR and daemon; one line each, with the cure."""
    from llm_assets.usecases.doctor import examine

    failed = False
    with Console() as console:
        for finding in examine(console.stage):
            say(f"{finding.sign} {finding.what}: {finding.says}")
            failed = failed or finding.fails
    raise SystemExit(EXIT_INCOMPLETE if failed else 0)
