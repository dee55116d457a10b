"""Doctor: one line for each thing a night needs, with the cure when it is not there."""

import os
import shutil
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from llm_assets.domain.desk.queue_advice import advice
from llm_assets.domain.errors import DeskError, NoAddressError, TransientError
from llm_assets.domain.reason import Reason
from llm_assets.domain.sources.versions import Known
from llm_assets.engine.ports.progress import OnProgress
from llm_assets.intake.workers.scanning import scan_apart
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.blocked import examine_account
from llm_assets.usecases.mail.read_mailboxes import mailboxes_of
from llm_assets.usecases.provider_files import left_behind
from llm_assets.usecases.raw_files import check_raw_files
from resources.identity import answers
from resources.mail.imap.session import try_account
from resources.notify.smtp import try_place
from resources.notify.webhook import signs_for
from resources.private_files import loose_files
from resources.providers.access import address_of
from resources.providers.proxies import proxy_for, shown
from resources.settings.environment import load_settings
from resources.settings.notifications import MailPlace, WebhookPlace
from resources.settings.sources import ImapAccount

DAGSTER_WRITES = ("history", "logs", "schedules", "storage")


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    says: str
    fails: bool = False
    warns: bool = False

    @property
    def sign(self) -> str:
        return "FAIL" if self.fails else "warn" if self.warns else "ok  "


def _silent(stage: str, done: int, total: int | None) -> None:
    return None


def examine(on_progress: OnProgress = _silent) -> Iterator[Finding]:
    """Findings in the order in which they should be cured."""
    try:
        settings = load_settings()
    except DeskError as err:
        yield Finding("settings", str(err), fails=True)
        return
    assembly = Assembly(settings, STEPS)
    yield _modes(settings.home.resolve())
    examinations: list[tuple[str, Callable[[Assembly], str]]] = [
        ("home", lambda a: f"{a.home} can be written"),
        ("time zone", _time_zone),
        (
            "queues",
            lambda a: f"{_counted(len(a.queues.queues), 'queue')} in {a.settings.file('queues.yaml')}",
        ),
        ("lanes", lambda a: f"{_counted(len(a.lanes.lanes), 'lane')} in {a.settings.file('lanes.yaml')}"),
        ("ledger", _ledger),
        ("raw files", partial(_raw_files, on_progress)),
        (
            "provider",
            lambda a: f"profile {a.profile.name}, models {', '.join(sorted(set(a.profile.models.values())))}",
        ),
        ("reachability", _reach),
        ("account", examine_account),
    ]
    try:
        found = chain(
            (_examined(what, look, assembly) for what, look in examinations),
            _categories(assembly),
            _mailboxes(assembly),
            _notifications(assembly),
            look_at_identity_provider(assembly),
            map(_provider_files, (assembly,)),
        )
        yield from _each_cause_once(found)
        yield _inbox(assembly)
        yield _ocr()
        yield _disk(assembly)
        yield look_at_daemon()
    finally:
        assembly.close()


def _each_cause_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """A failure that repeats an earlier one, such as a ledger that nothing can use, refers to that one."""
    first: dict[str, str] = {}
    for finding in findings:
        known = first.setdefault if finding.fails else first.get
        before = known(finding.says, finding.what)
        yield (
            finding
            if before == finding.what
            else replace(finding, says=f"not looked at: {before} fails first")
        )


def _examined(what: str, look: Callable[[Assembly], str], assembly: Assembly) -> Finding:
    try:
        return Finding(what, look(assembly))
    except TransientError as err:
        if err.reason is not Reason.SERVER_ERROR:
            return Finding(what, str(err), fails=True)
        # A gateway may answer an unknown batch with 500, as LiteLLM does: nothing is wrong with it for that alone.
        return Finding(
            what, f"{err} Some gateways answer a batch they do not know so: --probe says more", warns=True
        )
    except DeskError as err:
        return Finding(what, str(err), fails=True)


def _counted(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def _raw_files(on_progress: OnProgress, assembly: Assembly) -> str:
    """Raises DeskError when one is lost."""
    found = check_raw_files(assembly, on_progress)
    if found.lost:
        raise DeskError(found.sentence())
    return found.sentence()


def _time_zone(assembly: Assembly) -> str:
    calendar = assembly.settings.calendar
    day = calendar.day_of(assembly.clock())
    return f"{assembly.settings.timezone}: today is {day}, its report is due {calendar.deadline_of(day):%Y-%m-%d %H:%M}"


def _ledger(assembly: Assembly) -> str:
    open_batches = _counted(len(assembly.ledger.batches.open_batches()), "open batch", "open batches")
    return f"{make_url(assembly.settings.ledger_url).get_backend_name()} answers, {open_batches}"


def _reach(assembly: Assembly) -> str:
    """An unknown batch is looked for, which costs nothing and needs the key."""
    started = time.monotonic()
    try:
        assembly.engine.provider.look("batch_of_the_doctor")
    except NoAddressError:
        if assembly.profile.capabilities.batch:
            raise
        return f"{assembly.profile.name} answers, without batches as its profile says; --probe shows whether it takes our key"
    took = f"{1000 * (time.monotonic() - started):.0f} ms"
    proxy = shown(proxy_for(address_of(assembly.profile)))
    return f"{assembly.profile.name} accepts our key, {took}" + (
        f", through the proxy {proxy}" if proxy else ""
    )


def _provider_files(assembly: Assembly) -> Finding:
    what = "provider files"
    try:
        profile, left = assembly.configured_profile.name, left_behind(assembly)
    except DeskError as err:
        return Finding(what, str(err), warns=True)
    if not left.batches:
        return Finding(what, f"no batch that is over has left any at {profile}")
    cure = "run `llm-assets batches clean`"
    if not left.removes:
        return Finding(
            what, f"{left.sentence()} at {profile}, as `files: {{remove: false}}` says; to remove them {cure}"
        )
    return Finding(what, f"{left.sentence()} at {profile}: {cure}", warns=True)


def _categories(assembly: Assembly) -> Iterator[Finding]:
    """A warning for each thing that the queue file leaves the model to guess."""
    what = "categories"
    try:
        queues = assembly.queues.queues
    except DeskError as err:
        yield Finding(what, str(err), fails=True)
        return
    found = advice(queues)
    for each in found:
        yield Finding(what, f"queue {each.queue}: {each.says}", warns=True)
    if not found:
        count = sum(len(queue.categories) for queue in queues)
        yield Finding(
            what, f"{_counted(count, 'category', 'categories')}, each described and unlike the others"
        )


def _mailboxes(assembly: Assembly) -> Iterator[Finding]:
    """A line for each mailbox, logged in to now whatever the sensor found last."""
    path = assembly.settings.file("sources.yaml")
    try:
        accounts = mailboxes_of(assembly).accounts
    except DeskError as err:
        yield Finding("mailboxes", str(err), fails=True)
        return
    if not accounts:
        yield Finding("mailboxes", f"none in {path}; mail comes from {assembly.home / 'inbox'}")
    for account in accounts:
        look = partial(_mailbox, account)
        yield _examined(f"mailbox {account.name}", look, assembly)


def _mailbox(account: ImapAccount, assembly: Assembly) -> str:
    return try_account(account)


def _notifications(assembly: Assembly) -> Iterator[Finding]:
    """A line for each place: a mail server is logged in to, a webhook's secret looked at; nothing is sent."""
    path = assembly.settings.file("notifications.yaml")
    try:
        found = assembly.notifications
    except DeskError as err:
        yield Finding("notifications", str(err), fails=True)
        return
    if not found.places:
        yield Finding("notifications", f"none in {path}: nobody is told of a night's news")
    for mail in found.mail:
        yield _examined(f"notifications {mail.name}", partial(_mail_place, mail), assembly)
    for hook in found.webhooks:
        yield _examined(f"notifications {hook.name}", partial(_webhook_place, hook), assembly)


def _mail_place(place: MailPlace, assembly: Assembly) -> str:
    return try_place(place)


def _webhook_place(place: WebhookPlace, assembly: Assembly) -> str:
    return signs_for(place)


def look_at_identity_provider(assembly: Assembly) -> Iterator[Finding]:
    """Asked now; no line where nobody signs in there."""
    if assembly.settings.oidc_issuer is not None:
        yield _examined("identity provider", lambda a: answers(a.settings), assembly)


def _modes(home: Path) -> Finding:
    """Looked at before anything is opened, which closes a home that is open."""
    places = [home] if home.is_dir() else []
    dagster_home = os.environ.get("DAGSTER_HOME")
    if dagster_home:  # a link to dagster.yaml is ours to share, what Dagster writes beside it is not
        places += [path for name in DAGSTER_WRITES if (path := Path(dagster_home, name)).is_dir()]
    try:
        loose = [path for place in places for path in loose_files(place)]
    except OSError as err:
        return Finding("file modes", f"{home} cannot be looked at: {err.strerror}", warns=True)
    if not loose:
        return Finding("file modes", f"nobody else may read what is in {home}")
    cure = (
        f"run `chmod -R go= {loose[0]}`"
        if len(loose) == 1
        else f"run `chmod -R go= {os.path.commonpath(loose)}`"
    )
    return Finding("file modes", f"{len(loose)} files and folders are open to others: {cure}", warns=True)


def _inbox(assembly: Assembly) -> Finding:
    """Only what is not registered yet is opened for this."""
    left: Counter[str] = Counter()
    inbox = assembly.home / "inbox"
    try:
        known = assembly.ledger.register.arrivals("inbox") if inbox.is_dir() else Known()
        if inbox.is_dir():
            here, note = assembly.home, left.update
            items = scan_apart(
                inbox, source="inbox", left_out=lambda why: note([why]), relative_to=here, known=known
            )
            deque(items, maxlen=0)
    except (DeskError, OSError) as err:
        return Finding("inbox", f"{inbox} cannot be scanned: {err}", fails=True)
    if not left:
        return Finding("inbox", f"no links and no pipes in {inbox}")
    found = f"{_counted(left['link'], 'link')} and {_counted(left['special'], 'pipe or device', 'pipes or devices')}"
    return Finding("inbox", f"not read in {inbox}: {found}; put the files themselves there", warns=True)


def _ocr() -> Finding:
    if shutil.which("tesseract") is None:
        cure = "not installed: scans go to review; install tesseract-ocr with the languages eng, rus and kaz"
        return Finding("OCR", cure, warns=True)
    import pytesseract

    missing = {"eng", "rus", "kaz"} - set(pytesseract.get_languages())
    if missing:
        return Finding("OCR", f"languages {', '.join(sorted(missing))} are missing: install them", warns=True)
    return Finding("OCR", "tesseract with eng, rus, kaz")


def _disk(assembly: Assembly) -> Finding:
    free = shutil.disk_usage(assembly.home).free / 2**30
    if free < 1:
        return Finding("disk", f"only {free:.1f} GiB free under {assembly.home}: make room", warns=True)
    return Finding("disk", f"{free:.0f} GiB free under {assembly.home}")


def look_at_daemon() -> Finding:
    """Schedules, sensors and parked nights need it; single commands do not."""
    home = os.environ.get("DAGSTER_HOME")
    if not home:
        return Finding("daemon", "not looked at: set DAGSTER_HOME to the folder of dagster.yaml", warns=True)
    import dagster as dg

    try:
        with dg.DagsterInstance.get() as instance:
            statuses = instance.get_daemon_statuses()
    except (dg.DagsterError, SQLAlchemyError, OSError) as err:
        problem = f"dagster's storage does not open: {type(err).__name__}; correct dagster.yaml in {home}"
        return Finding("daemon", problem, fails=True)
    silent = sorted(kind.lower() for kind, status in statuses.items() if not status.healthy)
    if silent:
        cure = f"no sign of life of {', '.join(silent)}: start `dagster-daemon run` with DAGSTER_HOME={home}"
        return Finding("daemon", cure, fails=True)
    return Finding("daemon", f"runs with DAGSTER_HOME={home}")
