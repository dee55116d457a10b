"""Who takes part in a mail: its sender, where answers go, and which of the two is the customer."""

from collections.abc import Iterable
from typing import NamedTuple

from llm_assets.domain.mail.document import UNANSWERED, Address, customer_of
from llm_assets.intake.bytes.mime import Part
from llm_assets.intake.mail import addresses


class Parties(NamedTuple):
    sender: Address | None
    reply_to: Address | None = None
    customer: Address | None = None
    is_bulk: bool = False
    """Sent to many: a newsletter or a mailing list."""

    @property
    def name(self) -> str:
        """The customer's."""
        return self.customer.name if self.customer is not None else ""

    @property
    def address(self) -> str:
        """The customer's."""
        return self.customer.address if self.customer is not None else ""

    @property
    def own_addresses(self) -> frozenset[str]:
        """Of From and Reply-To: none of them is an earlier mail's other side."""
        return frozenset(a.address for a in (self.sender, self.reply_to) if a is not None and a.address)

    @property
    def on_behalf(self) -> bool:
        """A form or system passes on what somebody else wrote."""
        return self.customer is not self.sender


def parties_of(
    root: Part, sender: Address | None, recipients: Iterable[str], *, hint: str | None = None
) -> Parties:
    """The first address of Reply-To that is another's counts. `recipients` are addresses; `hint` is the charset of raw 8-bit headers."""
    recipients = frozenset(recipients)
    answered = addresses.addresses(root.all("reply-to"), hint=hint)
    reached = [a for a in answered if a.address]
    others = (a for a in reached if a.address not in recipients and UNANSWERED.match(a.address) is None)
    reply_to = next(others, next(iter(reached), None))
    precedence = (root.header("precedence") or b"").strip().lower()
    listed = root.header("list-id") or root.header("list-unsubscribe")
    is_bulk = bool(listed) or precedence in (b"bulk", b"junk", b"list")
    customer = customer_of(sender, reply_to, recipients, is_bulk=is_bulk)
    return Parties(sender, reply_to, customer, is_bulk)
