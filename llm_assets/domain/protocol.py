"""The wire protocols a profile may name. How a protocol looks on the wire is in `resources/providers/`."""

from typing import Literal, get_args

ProtocolName = Literal["anthropic", "openai"]
KNOWN: tuple[ProtocolName, ...] = get_args(ProtocolName)


def problem_of(name: object) -> str | None:
    """What is wrong with a protocol's name and what to write instead; None for a known one."""
    if name in KNOWN:
        return None
    return f"protocol {name!r} is not known; write one of: {', '.join(KNOWN)}"
