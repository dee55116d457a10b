"""What an answer at the door says of its doubt, and the queue that a told case goes to."""

from llm_assets.domain.callers.caller import Caller
from llm_assets.usecases.answers.door import Ask, Door
from llm_assets.usecases.answers.told import Told
from llm_assets.web.answers.bodies import digest_of
from tests.door.conftest import OpenDesk

TEXT = "Hello, what about the thing we spoke of on Monday?"


def test_a_case_goes_to_the_only_queue_of_its_key_and_a_draft_says_what_holds_it_back(
    open_desk: OpenDesk,
) -> None:
    door = Door(open_desk.assembly, open_desk.readers)
    queues = open_desk.assembly.queues.queues
    other = next(each.name for each in queues if not each.default)
    caller = Caller("k1", "crm", ("drafts",), (other,))
    open_desk.assembly.ledger.callers.add(caller, "digest", "os:amina")
    content = door.work(door.admit(caller, Ask("drafts", Told(TEXT), digest_of("d", b"1")))).content
    assert content["status"] == "review"
    doubt = content["doubt"]
    assert isinstance(doubt, dict) and doubt["reason"]
