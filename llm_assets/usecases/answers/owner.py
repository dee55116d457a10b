"""Who works an answer: each process has a name and a lock, which the kernel or the database frees when it dies.

One lock for a process and not one for each answer: a lock is a file that stays, or a session of the database's own.
"""

import secrets
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Lock

from llm_assets.engine.ports.locks import Locks


@dataclass
class Owner:
    """This process. Several threads may use it at once."""

    locks: Locks
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    _held: ExitStack = field(default_factory=ExitStack)
    _left: set[str] = field(default_factory=set)
    _guard: Lock = field(default_factory=Lock)

    def hold(self) -> None:
        """Takes the lock, or takes it again where the database's server has ended the session that held it."""
        with self._guard:
            again = ExitStack()
            if again.enter_context(self.locks.owner(_lock(self.name))):
                self._held.close()
                self._held = again
            else:
                again.close()

    def lives(self, name: str) -> bool:
        """Whether the process of that name is alive."""
        if name == self.name:
            return True
        with self.locks.owner(_lock(name)) as free:
            return not free

    def leave(self, answer_id: str) -> None:
        """Nobody works this answer any more, and the ledger does not know it: it could not be settled."""
        with self._guard:
            self._left.add(answer_id)

    def takes(self, answer_id: str) -> bool:
        """Whether this process had left the answer; true once, for whoever asks first."""
        with self._guard:
            if answer_id not in self._left:
                return False
            self._left.remove(answer_id)
            return True

    def close(self) -> None:
        with self._guard:
            self._held.close()


def _lock(name: str) -> str:
    return f"answers:{name}"
