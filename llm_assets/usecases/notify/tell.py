"""Tell people what is new: find it, store it, and deliver what has not been told, each piece once at each place.

It is sent, then booked. A process that dies between the two sends it again under the same id, by which a receiver knows it;
the other order would lose it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from llm_assets.domain.digest import digest
from llm_assets.domain.errors import ConfigurationError, DeskError
from llm_assets.domain.notice import SHELF_LIFE, pause_before
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.notify.news import news
from llm_assets.usecases.notify.wording import trial_words, words_of
from llm_assets.words.words import words_in
from resources.ledger.transactions.notices import Raised
from resources.notify import smtp, webhook
from resources.notify.message import Message
from resources.settings.notifications import MailPlace, Place
from resources.settings.secrets import without_secrets

log = structlog.get_logger()

TELLING_SECONDS = 30.0
"""After this a look begins no more deliveries: a sensor's tick ends after 60 seconds."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a look did."""

    places: int
    sent: int
    trouble: str
    """Who could not be told and why, a sentence for each place; empty when everybody was."""


def tell(assembly: Assembly) -> Told:
    """Raises DeskError when ledger or configuration cannot be used; a place that fails is part of the answer."""
    places = assembly.notifications.places
    if not places:
        return Told(0, 0, "")
    now = assembly.clock()
    assembly.ledger.notices.raise_notices(list(news(assembly)))
    until = now + timedelta(seconds=TELLING_SECONDS)
    sent = sum(_tell_place(assembly, place, until) for place in places)
    return Told(len(places), sent, _trouble(assembly, places, now))


def troubles_of_notices(assembly: Assembly) -> str:
    """As `Told.trouble`, or what is wrong with the file; tells nobody."""
    try:
        places = assembly.notifications.places
    except ConfigurationError as err:
        return str(err)
    return _trouble(assembly, places, assembly.clock()) if places else ""


def try_places(assembly: Assembly) -> list[tuple[str, str | None]]:
    """Sends a test message to each place: its name and why it failed, None when it did not."""
    now = assembly.clock()
    words = trial_words(words_in(assembly.settings.language))
    found: list[tuple[str, str | None]] = []
    for place in assembly.notifications.places:
        name = digest(["test", place.name, now.isoformat()])
        said: str | None
        try:
            said = _deliver(assembly, place, Message(name, "test", *words, facts={}, at=now)) or None
        except DeskError as err:
            said = str(err)
        found.append((place.name, said))
    return found


def _tell_place(assembly: Assembly, place: Place, until: datetime) -> int:
    """One process at a time; returns how many notices it delivered. The first that fails ends the look at this place."""
    notices, sent = assembly.ledger.notices, 0
    with assembly.ledger.locks.owner(f"tell:{place.name}") as mine:
        since = assembly.clock() - SHELF_LIFE
        rests = notices.waiting_until(place.name, since) if mine else None
        if not mine or (rests is not None and rests > assembly.clock()):
            return 0
        for raised in notices.untold(place.name, since):
            if raised.notice.kind not in place.events or assembly.clock() >= until:
                continue
            if not _tell(assembly, place, raised):
                break
            sent += 1
    return sent


def _tell(assembly: Assembly, place: Place, raised: Raised) -> bool:
    notice = raised.notice
    try:
        said = _deliver(assembly, place, _message(assembly, raised))
    except DeskError as err:
        log.warning("not told", place=place.name, notice=notice.key, tries=raised.tries + 1)
        again = assembly.clock() + pause_before(raised.tries + 1)
        assembly.ledger.notices.failed(notice.key, place.name, again, without_secrets(str(err)))
        return False
    assembly.ledger.notices.told(notice.key, place.name, said)
    return True


def _message(assembly: Assembly, raised: Raised) -> Message:
    notice = raised.notice
    words = words_of(notice, words_in(assembly.settings.language))
    return Message(notice.key, notice.kind.value, *words, facts=notice.facts, at=raised.raised_at)


def _deliver(assembly: Assembly, place: Place, message: Message) -> str:
    if isinstance(place, MailPlace):
        return smtp.send(place, message)
    return webhook.send(place, message, assembly.clock())


def _trouble(assembly: Assembly, places: Sequence[Place], now: datetime) -> str:
    found = assembly.ledger.notices.complaints([place.name for place in places], now - SHELF_LIFE)
    return "; ".join(found[name] for name in sorted(found))
