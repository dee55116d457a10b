"""A parked night of merged steps waits for their batches and is continued when these have ended."""

import yaml

from llm_assets.defs.parking import GATE
from llm_assets.steps import CATEGORIES, EXTRACTED_FIELDS
from tests.support.houses.small_desk import MAILS, SmallDesk, materialized
from tests.support.repository import ROOT

LATENCY = 1000.0


def test_a_parked_night_of_merged_steps_is_continued_when_their_batches_have_ended(
    parking_desk: SmallDesk,
) -> None:
    desk = parking_desk
    assert desk.settings.config is not None
    text = (ROOT / "llm_assets" / "config" / "queues.yaml").read_text(encoding="utf-8")
    config = yaml.safe_load(text)
    for queue in config["queues"]:
        queue["merge_steps"] = True
    (desk.settings.config / "queues.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    desk.receive(dict(list(MAILS.items())[:2]))
    assert materialized(desk.materialize()) == {"documents"}
    [request] = desk.tick("batches").run_requests
    queued = desk.queue(request)
    desk.tick("batches")
    assert desk.run(queued).tags[GATE] == "waiting"
    desk.advance_provider(LATENCY)
    desk.tick("batches")
    assert desk.run(queued).tags[GATE] != "waiting"
    desk.dequeue(queued)
    for step in (EXTRACTED_FIELDS, CATEGORIES):
        assert {row["status"] for row in desk.rows(step.table)} <= {"ok", "review"}
