"""One look into one mailbox: finds the new messages and fetches them in small groups, also when the connection breaks.

Nothing is stored here. Only the register knows which messages are known, so there is no cursor that could disagree with
it: a look lists the numbers of a folder and fetches those that the register does not have.
"""

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.errors import BlockedError, DeskError, TransientError, UnreachableError
from llm_assets.engine.chunks import chunks
from llm_assets.intake.records.entry import problem
from llm_assets.intake.sources import RawItem
from resources.mail.imap.places import Place, Registered, Unclaimed, message_id_of
from resources.mail.imap.session import Examined, Facts, Mailbox, open_mailbox
from resources.mail.raw_store import RawStore
from resources.settings.sources import ImapAccount

WINDOW = 500
"""Messages whose size and arrival are requested together; among them the small ones are fetched first."""
SMALL_BYTES = 1 << 18
GROUP_BYTES = 1 << 20
GROUP = 50
TRIES = 2
"""A message at which the connection breaks twice is skipped in this look and named in its trouble."""
_HEADER_BYTES = 1 << 16


class Known(Protocol):
    """The part of the register that a look needs."""

    def known_uids(self, source: str, folder: str, validity: int) -> set[int]: ...

    def numbered_otherwise(self, source: str, folder: str, validity: int) -> list[Registered]: ...

    def renumber(self, source: str, places: dict[str, str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Allowance:
    """The limits of one look."""

    messages: int | None = None
    seconds: float | None = None
    pauses: tuple[float, ...] = (1, 2, 4)
    """Seconds before each further try without progress. 0 connects again at once, unless the server was unreachable."""


@dataclass
class Look:
    """Yields the new messages; afterwards holds what could not be read, and whether the look was complete."""

    account: ImapAccount
    known: Known
    raw: RawStore
    scratch: Path
    day_of: Callable[[datetime], date]
    days: tuple[date, date]
    """First and last business day whose mail is wanted."""
    allowance: Allowance
    now: Callable[[], datetime]
    taken: int = 0
    failed: bool = False
    """The server was unreachable or refused the login, so the rest of this account could not be read."""
    _troubles: dict[str, str] = field(default_factory=dict)
    _finished: set[str] = field(default_factory=set)
    _done: set[str] = field(default_factory=set)
    _begun: Counter[str] = field(default_factory=Counter)
    _tries: Counter[str] = field(default_factory=Counter)
    _not_given: set[str] = field(default_factory=set)
    _progress: int = 0
    _cut_short: bool = False
    _ends_at: float | None = None

    @property
    def trouble(self) -> str:
        """What the look could not read, one sentence for each; empty when it could read everything."""
        sentences = list(self._troubles.values())
        if unread := sorted(self._unread):
            count = "1 message" if len(unread) == 1 else f"{len(unread)} messages"
            sentences.append(f"{count} cannot be fetched, first {unread[0]}: open it in the mailbox")
        return "; ".join(sentences)

    @property
    def complete(self) -> bool:
        return not self.trouble and not self._cut_short

    @property
    def _unread(self) -> set[str]:
        return self._not_given | {place for place, tries in self._tries.items() if tries >= TRIES}

    def items(self) -> Iterator[RawItem]:
        """Each new message once. Connects again when the connection breaks, as long as the tries make progress."""
        if self.allowance.seconds is not None:
            self._ends_at = time.monotonic() + self.allowance.seconds
        pauses = iter(self.allowance.pauses)
        while True:
            before = self._progress
            try:
                with open_mailbox(self.account, seconds=self._seconds_left()) as mailbox:
                    yield from self._session(mailbox)
                return
            except BlockedError as err:
                self._fail(err)
                return
            except TransientError as err:
                if self._is_over():
                    self._end()
                    return
                if self._progress > before:
                    pauses = iter(self.allowance.pauses)
                pause = next(pauses, None)
                if pause is None or (pause == 0 and isinstance(err, UnreachableError)):
                    self._fail(err)
                    return
                time.sleep(pause)

    def _fail(self, err: BlockedError | TransientError) -> None:
        self.failed = True
        self._troubles["connection"] = str(err)

    def _end(self) -> None:
        """Ends a look whose time is over: that is trouble only if no new message was fetched."""
        if not self._progress:
            self._fail(
                TransientError(
                    f"{self.account.address} gave no new message within {self.allowance.seconds:.0f} s; a night waits longer"
                )
            )

    def _session(self, mailbox: Mailbox) -> Iterator[RawItem]:
        for folder in sorted(self._folders(mailbox), key=lambda name: self._begun[name]):
            if folder in self._finished:
                continue
            self._begun[folder] += 1  # a folder at which the connection broke comes last
            try:
                yield from self._folder(mailbox, folder)
            except BlockedError as err:
                self._troubles[folder] = str(err)
            if self._is_over():
                return
            self._finished.add(folder)

    def _folders(self, mailbox: Mailbox) -> list[str]:
        names: dict[str, None] = {}
        for pattern in self.account.folders:
            found = mailbox.matching(pattern)
            if not found:
                self._troubles[pattern] = (
                    f"no folder of mailbox {self.account.name} is named {pattern}: correct folders in sources.yaml"
                )
            names.update(dict.fromkeys(found))
        return list(names)

    def _folder(self, mailbox: Mailbox, folder: str) -> Iterator[RawItem]:
        opened = mailbox.examine(folder)
        known = self.known.known_uids(self.account.source, folder, opened.validity)
        if known and opened.next_uid is not None and opened.next_uid <= max(known):
            self._troubles[folder] = (
                f"the server of mailbox {self.account.name} went back behind message {max(known)} of {folder} without "
                "numbering anew, so new mail cannot be told from old: have its administrator give the folder another "
                "UIDVALIDITY"
            )
        # The server's day may begin in another time zone, and our business day in the afternoon before.
        listed = mailbox.uids(opened, self.days[0] - timedelta(days=2))
        tries = {uid: self._tries[str(place)] for uid in listed - known if (place := self._at(opened, uid))}
        fresh = [
            uid
            for uid, tried in tries.items()
            if tried < TRIES and str(self._at(opened, uid)) not in self._done
        ]
        if not fresh:
            return
        unclaimed = Unclaimed.of(self.known.numbered_otherwise(self.account.source, folder, opened.validity))
        for window in chunks(sorted(fresh, key=lambda uid: (tries[uid], uid)), WINDOW):
            yield from self._window(mailbox, opened, window, unclaimed)
            if self._is_over():
                return

    def _window(
        self, mailbox: Mailbox, opened: Examined, window: Sequence[int], unclaimed: Unclaimed
    ) -> Iterator[RawItem]:
        facts = mailbox.facts(window)
        self._miss(mailbox, opened, [uid for uid in window if uid not in facts])
        wanted = {uid: found for uid, found in facts.items() if self._is_wanted(found)}
        for uid in self._found_again(mailbox, opened, wanted, unclaimed):
            del wanted[uid]
        for group in self._groups(opened, wanted):
            if self._is_over():
                return
            places = [str(self._at(opened, uid)) for uid in group]
            self._tries.update(places)
            contents = self._fetched(mailbox, group, wanted)
            for place in places:
                del self._tries[place]
            self._miss(mailbox, opened, [uid for uid in group if uid not in contents])
            for uid, content in contents.items():
                yield from self._new(self._at(opened, uid), wanted[uid], content, unclaimed)

    def _is_wanted(self, found: Facts) -> bool:
        day = self.day_of(found.arrived_at if found.arrived_at is not None else self.now())
        return self.days[0] <= day <= self.days[1]

    def _miss(self, mailbox: Mailbox, opened: Examined, uids: Sequence[int]) -> None:
        """Notes messages that the server did not send. Those deleted by their owner are left out."""
        self._not_given.update(str(self._at(opened, uid)) for uid in mailbox.still_there(uids))

    def _found_again(
        self, mailbox: Mailbox, opened: Examined, wanted: dict[int, Facts], unclaimed: Unclaimed
    ) -> list[int]:
        """Finds messages registered under an earlier number without fetching them: by second of arrival and Message-ID."""
        if not unclaimed:
            return []
        alike = {
            uid: found.arrived_at
            for uid, found in wanted.items()
            if found.arrived_at is not None and unclaimed.arrived(found.arrived_at)
        }
        headers = mailbox.headers(list(alike), "MESSAGE-ID") if alike else {}
        again: dict[int, str] = {}
        for uid, header in sorted(headers.items()):
            if uid in alike:
                first = unclaimed.by_id(alike[uid], message_id_of(header), self._message_id)
                if first is not None:
                    again[uid] = first
        self._renumber({str(self._at(opened, uid)): first for uid, first in again.items()})
        return list(again)

    def _renumber(self, places: dict[str, str]) -> None:
        if places:
            self.known.renumber(self.account.source, places)
            self._done.update(places)
            self._progress += len(places)

    def _message_id(self, raw_sha256: str) -> bytes:
        try:
            with self.raw.path(raw_sha256).open("rb") as file:
                return message_id_of(file.read(_HEADER_BYTES))
        except FileNotFoundError:
            return b""

    def _groups(self, opened: Examined, wanted: dict[int, Facts]) -> Iterator[list[int]]:
        """Groups to fetch: small messages together; large ones, and those at which the connection broke, one by one."""
        together: list[int] = []
        alone: list[int] = []
        for uid, found in wanted.items():
            careful = not 0 < found.size <= SMALL_BYTES or self._tries[str(self._at(opened, uid))]
            (alone if careful else together).append(uid)
        total = 0
        group: list[int] = []
        for uid in together:
            if group and (total + wanted[uid].size > GROUP_BYTES or len(group) >= self._room(GROUP)):
                yield group
                group, total = [], 0
            group.append(uid)
            total += wanted[uid].size
        if group:
            yield group
        yield from ([uid] for uid in alone)

    def _room(self, size: int) -> int:
        limit = self.allowance.messages
        return size if limit is None else max(1, min(size, limit - self.taken))

    def _fetched(
        self, mailbox: Mailbox, group: list[int], wanted: dict[int, Facts]
    ) -> dict[int, bytes | Path | None]:
        """The contents of the messages that the server sends; None for a message that is too large."""
        if len(group) > 1 or 0 < wanted[group[0]].size <= SMALL_BYTES:
            return dict(mailbox.bodies(group))
        uid, size, most = group[0], wanted[group[0]].size, self.account.largest_mb << 20
        if size > most:
            return {uid: None}
        path = self._empty_file()
        try:
            written = mailbox.write(uid, size, most, path)
            if written is None:
                return {}
            if written > most:
                return {uid: None}
            sha256 = self.raw.put_file(path)
            return {uid: self.raw.path(sha256) if self.raw.has(sha256) else self.raw.get(sha256)}
        except OSError as err:
            raise DeskError(
                f"{self.scratch} cannot be written ({err.strerror}): free some space or correct its owner and run the same "
                "again; nothing already received is lost."
            ) from err
        finally:
            path.unlink(missing_ok=True)

    def _empty_file(self) -> Path:
        handle, name = tempfile.mkstemp(dir=self.scratch)
        os.close(handle)
        return Path(name)

    def _new(
        self, place: Place, facts: Facts, content: bytes | Path | None, unclaimed: Unclaimed
    ) -> Iterator[RawItem]:
        arrived = facts.arrived_at if facts.arrived_at is not None else self.now()
        if content is None:
            yield self._taken(place, self._too_large(place, arrived))
            return
        sha256 = content.stem if isinstance(content, Path) else digest_bytes(content)
        first = unclaimed.by_bytes(sha256)
        if first is not None:
            self._renumber({str(place): first})
            return
        yield self._taken(place, RawItem(self.account.source, str(place), "mail", content, arrived))

    def _too_large(self, place: Place, arrived: datetime) -> RawItem:
        reason = (
            f"A mail larger than {self.account.largest_mb} MB was not fetched: open it in the folder {place.folder} of "
            f"mailbox {self.account.name}."
        )
        drop = problem(str(place), "crm", reason)
        return RawItem(self.account.source, str(place), drop.kind, drop.data, arrived)

    def _taken(self, place: Place, item: RawItem) -> RawItem:
        self._done.add(str(place))
        self.taken += 1
        self._progress += 1
        return item

    def _at(self, opened: Examined, uid: int) -> Place:
        return Place(opened.folder, opened.validity, uid)

    def _seconds_left(self) -> float | None:
        return max(0.1, self._ends_at - time.monotonic()) if self._ends_at is not None else None

    def _is_over(self) -> bool:
        """Whether this look has reached its limits; if so, it is marked as cut short."""
        late = self._ends_at is not None and time.monotonic() >= self._ends_at
        full = self.allowance.messages is not None and self.taken >= self.allowance.messages
        self._cut_short = self._cut_short or late or full
        return late or full
