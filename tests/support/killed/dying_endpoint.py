"""The endpoint, killed by itself right after a named write: `python -m tests.support.killed.dying_endpoint stored|registered`."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from llm_assets.cli import main
from resources.ledger.transactions.forms import SqlForms
from resources.mail.raw_store import RawStore


def fatal(write: Callable[..., Any]) -> Callable[..., Any]:
    def deadly(*given: Any) -> Any:
        write(*given)
        os.kill(os.getpid(), signal.SIGKILL)

    return deadly


if __name__ == "__main__":
    if sys.argv.pop(1) == "stored":
        RawStore.put = fatal(RawStore.put)  # type: ignore[method-assign]
    else:
        SqlForms.receive_once = fatal(SqlForms.receive_once)  # type: ignore[method-assign]
    main()
