"""Evaluate: how well the steps do on labelled records. Pure counting; the answers come from a normal run."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from llm_assets.domain.desk.tables import Row
from llm_assets.engine.answers.label import HARD_DOUBT, HARD_FIELD, NO_DOUBT, DoubtWord, Label, class_name
from llm_assets.engine.answers.scores import Band, FieldScore, Score, band_of, share

PLAIN = "plain"
"""The kind of a clear record that has nothing hard in it."""
_UNSURE = "low_confidence"
"""Why a case is in review although the model named no doubt."""


@dataclass
class Evaluation:
    total: Score = field(default_factory=Score)
    categories: dict[str, Score] = field(default_factory=dict)
    """By `queue/category`, clear cases only: a doubtful one has no single right category."""
    doubts: dict[str, Score] = field(default_factory=dict)
    """By the labelled word, cases for review only; right is one that is there."""
    languages: dict[str, Score] = field(default_factory=dict)
    hard: dict[str, Score] = field(default_factory=dict)
    """By kind of hardness; a record may have several."""
    in_review: int = 0
    words_compared: int = 0
    """Cases whose label and answer both have a word of doubt."""
    words_same: int = 0
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(labelled, answered) -> clear cases; those in review included."""
    confusion_in_review: Counter[tuple[str, str]] = field(default_factory=Counter)
    calibration: dict[str, Band] = field(default_factory=dict)
    """By band of stated confidence, clear cases only, wherever they went."""
    fields: FieldScore = field(default_factory=FieldScore)

    @property
    def figures(self) -> Mapping[str, float]:
        """The figures over all, by name, as limits name them."""
        clear, doubtful = _sum(self.categories.values()), _sum(self.doubts.values())
        return {
            "accuracy": self.total.accuracy or 0.0,
            "review_share": share(self.in_review, self.total.labelled),
            "needless_review_share": share(clear.to_review, clear.labelled),
            "doubtful_in_review_share": share(doubtful.right, doubtful.labelled),
            "doubt_word_share": share(self.words_same, self.words_compared),
            "missing_share": self.fields.missing_share,
            "wrong_share": self.fields.wrong_share,
            "doubtful_fields_in_review_share": share(self.fields.doubted, self.fields.doubtful),
        }


def evaluate(
    labels: Iterable[Label],
    categories: Mapping[str, Row],
    fields: Mapping[str, Row],
    *,
    names: Collection[str],
) -> Evaluation:
    """Compares answers with labels by file name. `names` are the fields that hold a name, which may be written shorter.

    A doubtful label is right only in review; any other with its category or one that is also acceptable.
    """
    result = Evaluation()
    for label in labels:
        row, found = categories.get(label.file, {}), fields.get(label.file, {})
        _count_case(result, label, row)
        _count_hard(result, label, row, found, names)
        _count_word(result, label, row)
        _count_category(result, label, row)
        _count_fields(result.fields, label, found, names)
    return result


def _count_case(result: Evaluation, label: Label, row: Row) -> None:
    result.in_review += row.get("status") != "ok"
    own = (
        result.doubts.setdefault(str(label.doubt), Score())
        if label.is_doubtful
        else result.categories.setdefault(label.name, Score())
    )
    for score in (own, result.total, result.languages.setdefault(label.language, Score())):
        score.count(_verdict(label, row))


def _count_hard(result: Evaluation, label: Label, row: Row, found: Row, names: Collection[str]) -> None:
    """What is hard about a record is what is judged of it: its category, one of its fields, or the doubt about them."""
    if not label.hard and not label.is_doubtful:
        result.hard.setdefault(PLAIN, Score()).count(_verdict(label, row))
    for kind in label.hard:
        score = result.hard.setdefault(kind, Score())
        if kind == HARD_DOUBT:
            score.count(found.get("status") == "review")
        elif kind in HARD_FIELD:
            field_name = HARD_FIELD[kind]
            same = _same_field(label, field_name, found.get(field_name), names)
            score.count(same if found.get("status") == "ok" else None)
        else:
            score.count(_verdict(label, row))


def _verdict(label: Label, row: Row) -> bool | None:
    """Whether the answer is right; None when a clear case was left to a person, or there is no answer."""
    status = row.get("status")
    if status == "ok":
        return not label.is_doubtful and row.get("category") in label.acceptable
    return True if status == "review" and (label.is_doubtful or label.review_also) else None


def _count_word(result: Evaluation, label: Label, row: Row) -> None:
    word = _word(row)
    if label.doubt is None or word is None:
        return
    result.words_compared += 1
    result.words_same += word == label.doubt or word in label.doubt_also


def _word(row: Row) -> str | None:
    """The model's word of doubt; None when there is no answer, or it is hidden by another reason for review."""
    reason = row.get("doubt_reason")
    if row.get("status") == "ok" or (row.get("status") == "review" and reason == _UNSURE):
        return NO_DOUBT
    return str(reason) if reason in get_args(DoubtWord) else None


def _count_category(result: Evaluation, label: Label, row: Row) -> None:
    answered, confidence = row.get("category"), row.get("confidence")
    if label.is_doubtful or answered is None:
        return
    right = answered in label.acceptable
    if confidence is not None:
        band = result.calibration.setdefault(band_of(float(confidence)), Band())
        band.answers += 1
        band.right += right
        band.stated += float(confidence)
    if not right:
        pair = (label.name, class_name(label.queue, str(answered)))
        result.confusion[pair] += 1
        result.confusion_in_review[pair] += row.get("status") != "ok"


def _count_fields(score: FieldScore, label: Label, row: Row, names: Collection[str]) -> None:
    for name, wanted in label.fields.items():
        score.compared[name] += 1
        if wanted is not None:
            score.labelled[name] += 1
        found = row.get(name)
        if _same_field(label, name, found, names):
            continue
        if wanted is not None and found is None:
            score.missing[name] += 1
        else:
            score.wrong[name] += 1
    if label.fields_doubtful:
        score.doubtful += 1
        score.doubted += row.get("status") == "review"


def _same_field(label: Label, name: str, found: object, names: Collection[str]) -> bool:
    same = same_name if name in names else same_value
    return any(same(value, found) for value in (label.fields[name], *label.fields_also.get(name, ())))


def same_name(wanted: object, found: object) -> bool:
    """Equal, or one is the other written shorter: a sender line often holds half of the name that was signed."""
    if same_value(wanted, found):
        return True
    left, right = ({*_plain(v).split()} if v is not None else set() for v in (wanted, found))
    return bool(left and right) and (left <= right or right <= left)


def same_value(wanted: Any, found: Any) -> bool:
    """Equal but for case, white space and the form of numbers ("12500" and 12500.00)."""
    if wanted is None or found is None:
        return wanted is found
    left, right = _plain(wanted), _plain(found)
    if left == right:
        return True
    try:
        return float(left) == float(right)
    except ValueError:
        return False


def _plain(value: object) -> str:
    return " ".join(str(value).split()).casefold().lstrip("№#")


def worst(scores: Mapping[str, Score]) -> Sequence[tuple[str, Score]]:
    """Scores by accuracy, worst first; those that nothing was judged of are last."""
    return sorted(
        scores.items(),
        key=lambda item: (item[1].judged == 0, item[1].accuracy or 0.0, -item[1].wrong, item[0]),
    )


def _sum(scores: Iterable[Score]) -> Score:
    total = Score()
    for score in scores:
        total.labelled += score.labelled
        total.right += score.right
        total.to_review += score.to_review
    return total
