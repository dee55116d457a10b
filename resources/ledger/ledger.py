"""The ledger on SQLite or Postgres: one database, and a part for each consumer."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path

from llm_assets.domain.clock import Clock, system_clock
from llm_assets.engine.ports.ledger import LedgerPorts
from resources.ledger.audit import entries as audit
from resources.ledger.audit.trail import Trail
from resources.ledger.callers.answers import SqlAnswers
from resources.ledger.callers.callers import SqlCallers
from resources.ledger.callers.told_work import NoDecisions, SqlToldWork
from resources.ledger.database.database import Database
from resources.ledger.deletion.deletions import Deletions
from resources.ledger.receipts import SqlReceipts
from resources.ledger.rescues import SqlRescue
from resources.ledger.transactions.batches import SqlBatches
from resources.ledger.transactions.blocks import SqlBlocks
from resources.ledger.transactions.calibration import SqlCalibration
from resources.ledger.transactions.forms import SqlForms
from resources.ledger.transactions.handed_over import SqlHandedOver
from resources.ledger.transactions.locks import SqlLocks
from resources.ledger.transactions.notices import SqlNotices
from resources.ledger.transactions.online import SqlOnline
from resources.ledger.transactions.part_texts import SqlPartTexts
from resources.ledger.transactions.people import SqlPeople
from resources.ledger.transactions.register import SqlRegister
from resources.ledger.transactions.review import SqlReview
from resources.ledger.transactions.sources import SqlSources
from resources.ledger.transactions.spending import SqlSpending
from resources.ledger.transactions.tracing import SqlTracing
from resources.ledger.transactions.work import SqlWork
from resources.ledger.wakeups import SqlWakeups


class SqlLedger:
    """Connects and migrates on first use; may be shared between threads, not across a fork."""

    def __init__(self, url: str, home: Path, *, clock: Clock = system_clock) -> None:
        """`home` holds the lock files beside SQLite. Raises ConfigurationError for an unsupported URL."""
        self._clock = clock
        self._database = Database(url, home, on_upgrade=lambda connection: audit.begin(connection, clock()))
        self.work = SqlWork(self._database, clock)
        self.batches = SqlBatches(self._database, clock)
        self.spending = SqlSpending(self._database)
        self.online = SqlOnline(self._database)
        self.blocks = SqlBlocks(self._database)
        self.receipts = SqlReceipts(self._database)
        self.review = SqlReview(self._database, clock)
        self.rescue = SqlRescue(self._database, clock)
        self.people = SqlPeople(self._database, clock)
        self.calibration = SqlCalibration(self._database, clock)
        self.handed_over = SqlHandedOver(self._database, clock)
        self.part_texts = SqlPartTexts(self._database, clock)
        self.locks = SqlLocks(self._database)
        self.notices = SqlNotices(self._database, clock)
        self.register = SqlRegister(self._database, clock)
        self.forms = SqlForms(self._database, clock)
        self.sources = SqlSources(self._database)
        self.trail = Trail(self._database, clock)
        self.deletions = Deletions(self._database, clock)
        self.tracing = SqlTracing(self._database)
        self.wakeups = SqlWakeups(self._database, clock)
        self.callers = SqlCallers(self._database, clock)
        self.answers = SqlAnswers(self._database, clock)

    @cached_property
    def ports(self) -> LedgerPorts:
        """What the engine takes of it."""
        return LedgerPorts(
            work=self.work,
            batches=self.batches,
            spending=self.spending,
            online=self.online,
            blocks=self.blocks,
            receipts=self.receipts,
            review=self.review,
            rescue=self.rescue,
            locks=self.locks,
        )

    def told(self, answer_id: str | None = None, record_id: str = "") -> LedgerPorts:
        """The same for a case that is in no night, as long as one caller waits for it; what is asked is on the bill of that answer."""
        work = SqlToldWork(self._database, self._clock, answer_id, record_id)
        batches = SqlBatches(self._database, self._clock, work.store)
        review = NoDecisions(self._database, self._clock)
        return replace(self.ports, work=work, batches=batches, review=review)

    def migrate(self) -> None:
        """Brings the schema to the newest version; quick when it is current, safe when many processes start at once.

        Raises ConfigurationError for a database that cannot be reached or that a newer version has written.
        """
        self._database.migrate()

    def close(self) -> None:
        self._database.close()
