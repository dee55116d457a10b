"""The documents of the size `night`: invented mails as the lake holds them, and the step that is planned from them."""

from datetime import UTC, datetime, timedelta

from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.digest import digest
from llm_assets.domain.mail.document import Address, Document, Message, Priority, Received, Role
from llm_assets.domain.mail.document_rows import document_row
from llm_assets.engine.engine import Engine
from llm_assets.engine.night.night import Night
from llm_assets.intake.pii.masking import mask_case
from llm_assets.steps.categories.step import CATEGORIES
from llm_assets.usecases.desk.source_versions import reader_version, rules_version
from resources.lake.lake import Lake
from resources.settings.environment import SHIPPED_CONFIG, Settings, load_queues
from tests.bench.invented_requests import bodies, is_changed
from tests.bench.places import DAY, Place
from tests.bench.scenarios import Scenario

TEXT_BYTES = 3_300
"""Of a mail's own text: with the step's instructions and schema about two requests of the size `mail`."""

_OPENED = datetime(2026, 11, 19, 20, 0, tzinfo=UTC)
_SENDERS = (
    "Aigerim Sadykova",
    "Ivan Petrov",
    "Mary Brown",
    "",
    "Нурлан Ахметов",
    "ТОО Береке",
    "Ольга Ким",
    "J. Smith",
)


def write_documents(place: Place, scenario: Scenario) -> None:
    """Writes the night's `documents` as the run finds them."""
    texts = list(bodies(TEXT_BYTES))
    rows = (document_row(_document(n, texts, scenario), reader_version()) for n in range(scenario.requests))
    Lake(place.home, (DOCUMENTS,)).write(DOCUMENTS, DAY, rows)


def night_at(place: Place, engine: Engine) -> Night:
    return Night(
        day=DAY,
        engine=engine,
        lake=Lake(place.home, (DOCUMENTS,)),
        queues=load_queues(Settings(config=SHIPPED_CONFIG)),
        steps={CATEGORIES.name: CATEGORIES},
        mask=mask_case,
        rules_version=rules_version([CATEGORIES]),
    )


def _document(number: int, texts: list[str], scenario: Scenario) -> Document:
    again = " I wrote before." if is_changed(number, scenario.run) else ""
    text = f"About {_in_letters(number)}.{again} {texts[number % len(texts)]}"
    arrived = _OPENED + timedelta(seconds=number)
    message = Message(
        path=f"inbox/{number}.eml",
        index=0,
        kind="mail",
        ok=True,
        error=None,
        record_id=digest(["record", number]),
        content_hash=digest(["content", text]),
        message_id=f"{number}@mail.example",
        in_reply_to=None,
        references=(),
        subject="My order",
        sender=Address(_SENDERS[number % len(_SENDERS)], f"customer-{number}@mail.example"),
        to=(Address("", "orders@altyn.example"),),
        cc=(),
        delivered_to=(),
        date=arrived,
        text=text,
        new_text=text,
        language=("en", "ru", "kk")[number % len(texts) * 3 // len(texts)],
    )
    return Document(
        received=Received("inbox", f"{number}.eml", DAY, digest(["raw", number]), "mail", arrived),
        message=message,
        queue="shop-orders",
        priority=Priority.NORMAL,
        case_id=digest(["case", number]),
        role=Role.FIRST,
    )


def _in_letters(number: int) -> str:
    """The number as a word: digits would be masked, and then mails with the same text would be one request."""
    letters = ""
    for _ in range(5):
        number, letter = divmod(number, 26)
        letters += chr(ord("a") + letter)
    return letters
