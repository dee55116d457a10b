"""Turns: which case each of several people takes next, so that they do not work on the same one. Pure."""

from collections.abc import Mapping, Sequence
from itertools import chain

from llm_assets.usecases.review.queue.clusters import Cluster, Doubtful


def turns(made: Sequence[Cluster], after: str, held: Mapping[str, str], person: str) -> list[Doubtful]:
    """All doubts but `after`, in the order in which this person is to take them.

    First the rest of the cluster that `after` is in; then clusters from there on, round to the beginning. People who hold
    cases at the moment are dealt the clusters that nobody holds like cards: of three, the second takes the second, fifth
    and so on first. What a colleague holds comes last. `held` maps a case to who looks at it.
    """
    _, case_id, step = (*after.split("/"), "", "")[:3]
    place = _place(made, case_id, step)
    others = [*made[place + 1 :], *made[: max(place, 0)]]
    taken = {case for case, holder in held.items() if holder != person}
    busy = [c for c in others if _is_taken(c, taken)] if taken else []
    free = [c for c in others if not _is_taken(c, taken)] if busy else others
    people = sorted({person, *held.values()})
    dealt = _dealt(free, people.index(person), len(people))
    own = _rest(made[place].members, case_id, step) if place >= 0 else []
    return [*own, *chain.from_iterable(c.members for c in (*dealt, *busy))]


def _place(made: Sequence[Cluster], case_id: str, step: str) -> int:
    """Of the cluster that has this case; -1 where none has."""
    for place, cluster in enumerate(made):
        for member in cluster.members:
            if member.case_id == case_id and member.step == step:
                return place
    return -1


def _is_taken(cluster: Cluster, taken: set[str]) -> bool:
    return not taken.isdisjoint([m.case_id for m in cluster.members])


def _dealt(free: Sequence[Cluster], turn: int, people: int) -> list[Cluster]:
    mine = free[turn::people]
    return [*mine, *(c for i, c in enumerate(free) if i % people != turn)]


def _rest(members: Sequence[Doubtful], case_id: str, step: str) -> list[Doubtful]:
    """From this member on, round to the beginning."""
    place = next(i for i, m in enumerate(members) if (m.case_id, m.step) == (case_id, step))
    return [*members[place + 1 :], *members[:place]]
