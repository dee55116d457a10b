"""What a draft is held against: the case, the trusted texts of the queue, and what may be asked of the customer."""

import re
from dataclasses import dataclass
from functools import cached_property

from llm_assets.domain.desk.queue import Language
from llm_assets.steps.drafts.dates import round_the_clock, with_counts, with_hours
from llm_assets.steps.drafts.number_words import digits_of_words
from llm_assets.steps.drafts.sentences import STEM, as_heard

_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Facts:
    """`case` is what outsiders wrote; it may be wrong or forged. `trusted` is what the queue lets a reply say."""

    language: Language
    case: str
    trusted: str
    described: str = ""
    """What else is ours: name and description of the category, which approve nothing."""
    may_ask: tuple[str, ...] = ()
    greeting: str = ""
    signature: str = ""

    @cached_property
    def known(self) -> str:
        return f"{self.trusted}\n{self.permitted}\n{self.described}\n{self.case}"

    @cached_property
    def permitted(self) -> str:
        return "\n".join(self.may_ask)

    @cached_property
    def beginnings(self) -> frozenset[str]:
        """The beginnings of the known words, as they sound in either alphabet."""
        heard = {as_heard(w) for w in _WORD.findall(self.known)}
        return frozenset(w[:length] for w in heard for length in range(2, STEM + 1))

    @cached_property
    def counted(self) -> str:
        """What is known, with number words as digits."""
        ours = digits_of_words(f"{self.trusted}\n{self.permitted}\n{self.described}")
        return with_hours(round_the_clock(f"{with_counts(ours)}\n{self.case_counted}"))

    @cached_property
    def case_counted(self) -> str:
        """The case, with number words as digits and "in a week" as "in 1 week"."""
        return with_counts(digits_of_words(self.case))

    @cached_property
    def trusted_counted(self) -> str:
        return digits_of_words(f"{self.trusted}\n{self.permitted}")
