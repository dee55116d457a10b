"""The command `doctor`."""

from llm_assets.cli.options import EXIT_INCOMPLETE


def doctor() -> None:
    """Check configuration, keys, reachability, database, time zone, OCR and daemon; one line each, with the cure."""
    from llm_assets.usecases.doctor import examine

    findings = list(examine())
    for finding in findings:
        print(f"{finding.sign} {finding.what}: {finding.says}")
    raise SystemExit(EXIT_INCOMPLETE if any(f.fails for f in findings) else 0)
