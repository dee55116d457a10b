"""The Drafts folder of a mailbox: found, searched and added to. The only place where something is put into a mailbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from imapclient.imapclient import DRAFTS  # type: ignore[import-untyped]

from llm_assets.domain.errors import BlockedError
from resources.mail.imap.session import Mailbox, open_mailbox
from resources.settings.sources import ImapAccount

FLAGS = (b"\\Draft", b"\\Seen")
"""A draft to be edited, which is no news to anybody."""


@dataclass(frozen=True)
class DraftsFolder:
    mailbox: Mailbox
    name: str

    def holds(self, message_id: str) -> bool:
        """Whether a message with this Message-ID is in it."""
        return bool(self.mailbox.search(["HEADER", "Message-ID", f"<{message_id}>"]))

    def add(self, message: bytes, at: datetime) -> None:
        self.mailbox.append(self.name, message, FLAGS, at)


@contextmanager
def open_drafts_folder(account: ImapAccount) -> Iterator[DraftsFolder]:
    """A session in the mailbox's Drafts folder: the one that sources.yaml names, else the one that the server marks as such
    (RFC 6154), else one of the usual name.

    Raises BlockedError where there is none, and the errors of `open_mailbox`.
    """
    with open_mailbox(account) as mailbox:
        name = account.drafts or mailbox.special_folder(DRAFTS)
        if name is None:
            raise BlockedError(
                f"mailbox {account.name} has no folder that its server marks as Drafts: name one as `drafts` of the mailbox in "
                "sources.yaml"
            )
        mailbox.examine(name)
        yield DraftsFolder(mailbox, name)
