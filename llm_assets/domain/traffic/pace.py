"""The pace of online calls: requests and tokens per minute. It decides from the times it is given and reads no clock."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)


@dataclass(slots=True)
class Pace:
    """What was sent in the last minute. No minute ever holds more than the limits; None is no limit."""

    requests: int | None = None
    tokens: int | None = None
    _sent: deque[tuple[datetime, int]] = field(default_factory=deque)
    _total: int = 0

    def wait(self, now: datetime, tokens: int) -> float:
        """Seconds until a request of so many tokens may be sent; 0 for now. A request above the limit of a whole minute
        is sent alone."""
        self._forget(now)
        at = now
        count, total = len(self._sent), self._total
        for sent_at, used in self._sent:
            if self.fits(count, total, tokens):
                break
            at, count, total = sent_at + WINDOW, count - 1, total - used
        return (at - now).total_seconds()

    def spend(self, now: datetime, tokens: int) -> None:
        self._sent.append((now, tokens))
        self._total += tokens

    def fits(self, count: int, total: int, tokens: int) -> bool:
        """Whether one more request fits beside so many calls and tokens of the last minute."""
        if count == 0:
            return True
        within_requests = self.requests is None or count < self.requests
        return within_requests and (self.tokens is None or total + tokens <= self.tokens)

    def _forget(self, now: datetime) -> None:
        while self._sent and self._sent[0][0] + WINDOW <= now:
            self._total -= self._sent.popleft()[1]


def estimated_tokens(text_length: int) -> int:
    """Prompt tokens of a text by its length in characters, for the pace of online calls only, never for a price.

    3 characters a token is on the safe side for English (5.7 measured with o200k) and about right for Cyrillic.
    """
    return text_length // 3 + 20
