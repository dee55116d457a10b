"""Turns: which case each of several people takes next, so that they do not work on the same one. Pure."""

from collections.abc import Mapping, Sequence
from itertools import chain

from llm_assets.usecases.review.clusters import Cluster, Doubtful


def turns(made: Sequence[Cluster], after: str, held: Mapping[str, str], person: str) -> list[Doubtful]:
    """All doubts but `after`, in the order in which this person is to take them.

    First the rest of the cluster that `after` is in; then clusters from there on, round to the beginning. People who hold
    cases at the moment are dealt the clusters that nobody holds like cards: of three, the second takes the second, fifth
    and so on first. What a colleague holds comes last. `held` maps a case to who looks at it.
    """
    place = next((i for i, c in enumerate(made) if any(m.key == after for m in c.members)), -1)
    own = [made[place]] if place >= 0 else []
    others = [*made[place + 1 :], *made[: max(place, 0)]]
    taken = {case for case, holder in held.items() if holder != person}
    free = [c for c in others if not any(m.case_id in taken for m in c.members)]
    people = sorted({person, *held.values()})
    dealt = _dealt(free, people.index(person), len(people))
    busy = [c for c in others if any(m.case_id in taken for m in c.members)]
    return [*_rest(own, after), *chain.from_iterable(c.members for c in (*dealt, *busy))]


def _dealt(free: Sequence[Cluster], turn: int, people: int) -> list[Cluster]:
    mine = free[turn::people]
    return [*mine, *(c for i, c in enumerate(free) if i % people != turn)]


def _rest(own: Sequence[Cluster], after: str) -> list[Doubtful]:
    """The cluster's other members, from `after` on."""
    members = [m for c in own for m in c.members]
    place = next((i for i, m in enumerate(members) if m.key == after), -1)
    return [*members[place + 1 :], *members[: max(place, 0)]]
