"""Without Dagster: `night` tells people at its end, `notify` what is left, and whoever is not reached changes no outcome."""

import signal
from base64 import b64encode
from datetime import timedelta
from pathlib import Path

from tests.support.houses.house import TODAY, House
from tests.support.mail.invented_inbox import mail, put
from tests.support.providers.provider_server import Asked, Canned, Reply, canned_server

SECRET = "whsec_" + b64encode(b"thirty-two bytes of a test secret").decode()
YESTERDAY = TODAY - timedelta(days=1)


def killed_while_it_tells(house: House, hooks: Canned, told: dict[str, str]) -> str:
    """A process that is killed when its message has been taken and nothing is booked; returns the message's id."""
    process = house.start("notify", **told)
    answer = hooks.reply

    def kill(asked: Asked) -> Reply:
        process.kill()
        process.wait()
        return answer(asked)

    hooks.reply = kill  # type: ignore[method-assign]
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    hooks.reply = answer  # type: ignore[method-assign]
    return hooks.asked[-1].headers["webhook-id"]


def test_a_night_tells_that_its_report_is_there_and_nobody_twice(house: House, tmp_path: Path) -> None:
    file = tmp_path / "config" / "notifications.yaml"
    file.parent.mkdir()
    told = {"LLM_ASSETS_CONFIG": str(file.parent), "DESK_SECRET": SECRET}
    assert "nobody is named" in house.run("notify", **told).out
    clear = "Hello, my new card was ordered ten days ago. When does the courier bring it?"
    put(house.home / "inbox", "c.eml", mail(clear, 91, subject="New card"), YESTERDAY)
    file.write_text("webhooks: [{name: chat}]")
    broken = house.night(day=YESTERDAY, **told)
    assert broken.code == 2 and broken.said_one_sentence("notifications.yaml", "url"), broken.err
    with canned_server() as hooks:
        wanted = f"url: '{hooks.url}/desk', secret_env: DESK_SECRET, events: [report.ready]"
        file.write_text(f"webhooks: [{{name: chat, {wanted}}}]")
        hooks.on("POST /desk", Reply(500), Reply(200))
        first = house.night(day=YESTERDAY, **told)
        assert first.code == 0 and "not everybody was told" in first.err and "chat answers 500" in first.err
        assert len(hooks.asked) == 1
        again = house.run("notify", **told)
        assert again.code == 1 and "0 notices told; " in again.out, "it rests for a minute"
        tried = house.run("notify", "--test", **told)
        assert (tried.code, tried.out.strip()) == (0, "chat: took the test message")
        assert len(hooks.asked) == 2 and b'"type":"test"' in hooks.asked[1].body
        file.write_text(f"webhooks: [{{name: another, {wanted}}}]")
        killed = killed_while_it_tells(house, hooks, told)
        assert house.run("notify", **told).out.strip() == "1 notices told"
        assert house.run("notify", **told).out.strip() == "0 notices told"
        assert [asked.headers["webhook-id"] for asked in hooks.asked[2:]] == [killed, killed]
        doctor = house.run("doctor", **told).out
        assert (
            f"ok   notifications another: {hooks.url} is told by requests signed with DESK_SECRET" in doctor
        )
    gone = house.run("notify", "--test", **told)
    assert gone.code == 1 and "another does not answer" in gone.out
    wrong = house.run("notify", "--test", **(told | {"DESK_SECRET": "short"}))
    assert wrong.code == 1 and "DESK_SECRET" in wrong.out and "short" not in wrong.out
