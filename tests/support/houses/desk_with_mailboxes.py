"""A desk that reads mailboxes: its configuration, its clock, what it has registered."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from llm_assets.domain.mail.document import Received
from llm_assets.engine.night.receive import Grown
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.read_mailboxes import mailboxes_of
from llm_assets.usecases.mail.receive import receive
from resources.settings.environment import Settings
from tests.support.houses.dovecot import Dovecot

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)  # 12:00 in Almaty
TODAY = date(2026, 11, 21)


def account(server: Dovecot | None, user: str, **changed: object) -> dict[str, Any]:
    """An entry of `sources.yaml` that works."""
    given: dict[str, Any] = {
        "name": user,
        "host": "127.0.0.1",
        "port": server.plain if server is not None else 1,
        "security": "none",
        "user": user,
        "password_env": "MAILBOX_PASSWORD",
    }
    return given | changed


class DeskWithMailboxes:
    def __init__(self, folder: Path, accounts: Sequence[Mapping[str, object]]) -> None:
        config = folder / "config"
        config.mkdir(exist_ok=True)
        (config / "sources.yaml").write_text(yaml.safe_dump({"imap": [dict(a) for a in accounts]}))
        self.settings = Settings(home=folder / "home", provider="emulator", config=config, _env_file=None)
        self.now = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)  # 06:00 in Almaty, the morning after DAY
        self.assembly = Assembly(self.settings, STEPS, lambda: self.now)

    def read(self, **how: Any) -> Grown:
        """As `night` does; seconds between tries are not waited for."""
        return receive(self.assembly, **{"insist": True, **how})

    def read_patiently(self) -> Grown:
        """With the tries of a night, whose pauses are not waited for."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "sleep", lambda seconds: None)
            return self.read()

    def tick(self, limit: int = 500) -> Grown:
        """As the sensor does."""
        return receive(self.assembly, limit=limit)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def received(self, day: date = DAY) -> list[Received]:
        return self.assembly.ledger.register.received(day)

    def raw(self, day: date = DAY) -> list[bytes]:
        return [self.assembly.raw.get(r.raw_sha256) for r in self.received(day)]

    def subjects(self, day: date = DAY) -> Counter[str]:
        """How often each mail is registered."""
        return Counter(
            line
            for data in self.raw(day)
            for line in data.decode().split("\r\n")
            if line.startswith("Subject")
        )

    def unread(self, day: date = DAY) -> dict[str, str]:
        return {u.name: u.why for u in mailboxes_of(self.assembly).unread(day)}

    def troubled(self) -> dict[str, str]:
        return {u.name: u.why for u in mailboxes_of(self.assembly).troubled()}

    def close(self) -> None:
        self.assembly.close()
