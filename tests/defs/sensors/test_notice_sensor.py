"""Sensor `notices`: it tells what is new, and its check is red while somebody cannot be told."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest

from llm_assets.domain.desk.tables import MORNING_REPORT
from tests.support.houses.small_desk import DAY, SmallDesk
from tests.support.providers.provider_server import Reply, canned_server

TOTALS = {"received": 1, "documents": 1, "ok": 1, "review": 0, "dead": 0, "open": 0, "drafts_ready": 1}


def checks(tick: Any) -> list[tuple[str, bool]]:
    return [(e.check_name, e.passed) for e in tick.asset_events]


def test_a_tick_tells_once_and_its_check_is_red_while_a_place_does_not_answer(
    small: SmallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_SECRET", "whsec_" + b64encode(b"thirty-two bytes of a test secret").decode())
    assert "nobody is named" in small.tick("notices").skip_message
    row = {
        "day": DAY.isoformat(),
        "revision": 1,
        "generated_at": small.clock.now,
        "path": "x",
        "totals": TOTALS,
    }
    with small.desk.open() as assembly:
        assembly.lake.write(MORNING_REPORT, DAY, [row])
    assert small.settings.config is not None
    file = small.settings.config / "notifications.yaml"
    with canned_server() as hooks:
        hooks.on("POST /desk", Reply(503), Reply(200))
        file.write_text(f"webhooks: [{{name: chat, url: '{hooks.url}/desk', secret_env: DESK_SECRET}}]")
        first = small.tick("notices")
        assert checks(first) == [("notices_arrive", False)] and "chat answers 503" in first.skip_message
        assert checks(small.tick("notices", first.cursor)) == [], "said once"
        small.clock.now += timedelta(minutes=1)
        second = small.tick("notices", first.cursor)
        assert checks(second) == [("notices_arrive", True)] and second.skip_message == "1 notices told"
        assert small.tick("notices", second.cursor).skip_message == "0 notices told"
        assert len(hooks.asked) == 2
    file.write_text("webhooks: [{name: chat}]")
    broken = small.tick("notices", second.cursor)
    assert checks(broken) == [("notices_arrive", False)] and "notifications.yaml" in broken.skip_message
