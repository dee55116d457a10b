"""Evaluate: how well the steps do on labelled records. Pure counting; the answers come from a normal run."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from llm_assets.domain.desk.tables import Row


@dataclass
class CategoryScore:
    labelled: int = 0
    right: int = 0
    to_review: int = 0
    """Sent to a person instead of being guessed; neither right nor wrong."""

    @property
    def accuracy(self) -> float:
        """Share of right ones among those the model decided; 1.0 when it decided none."""
        decided = self.labelled - self.to_review
        return self.right / decided if decided else 1.0


@dataclass
class Evaluation:
    categories: dict[str, CategoryScore] = field(default_factory=dict)
    fields_labelled: Counter[str] = field(default_factory=Counter)
    fields_missing: Counter[str] = field(default_factory=Counter)
    """Labelled, but the answer left it empty."""
    fields_wrong: Counter[str] = field(default_factory=Counter)
    """Answered with something else, or with something where the label says there is nothing."""
    fields_compared: int = 0

    @property
    def accuracy(self) -> float:
        decided = sum(s.labelled - s.to_review for s in self.categories.values())
        return sum(s.right for s in self.categories.values()) / decided if decided else 0.0

    @property
    def review_share(self) -> float:
        labelled = sum(s.labelled for s in self.categories.values())
        return sum(s.to_review for s in self.categories.values()) / labelled if labelled else 0.0

    @property
    def missing_share(self) -> float:
        """Of the labelled values."""
        labelled = self.fields_labelled.total()
        return self.fields_missing.total() / labelled if labelled else 0.0

    @property
    def wrong_share(self) -> float:
        """Of all fields compared, empty labels included."""
        return self.fields_wrong.total() / self.fields_compared if self.fields_compared else 0.0


def evaluate(
    labels: Iterable[Row], categories: Mapping[str, Row], fields: Mapping[str, Row], *, names: Collection[str]
) -> Evaluation:
    """Compares answers with labels by file name. A label with `ambiguous` is right only in review. `names` are the
    fields that hold a name, which may be written shorter."""
    result = Evaluation()
    for label in labels:
        name = str(label["file"])
        _count_category(result, label, categories.get(name, {}))
        _count_fields(result, label.get("fields", {}), fields.get(name, {}), names)
    return result


def _count_category(result: Evaluation, label: Row, row: Row) -> None:
    score = result.categories.setdefault(str(label["category"]), CategoryScore())
    score.labelled += 1
    if row.get("status") != "ok":
        score.to_review += 1
    elif row.get("category") == label["category"] and not label.get("ambiguous"):
        score.right += 1


def _count_fields(result: Evaluation, labels: Row, row: Row, names: Collection[str]) -> None:
    for name, wanted in labels.items():
        result.fields_compared += 1
        if wanted is not None:
            result.fields_labelled[name] += 1
        found = row.get(name)
        if wanted is not None and found is None:
            result.fields_missing[name] += 1
        elif not (same_name if name in names else same_value)(wanted, found):
            result.fields_wrong[name] += 1


def same_name(wanted: object, found: object) -> bool:
    """Equal, or one is the other written shorter: a sender line often holds half of the name that was signed."""
    if same_value(wanted, found):
        return True
    left, right = ({*_plain(v).split()} if v is not None else set() for v in (wanted, found))
    return bool(left and right) and (left <= right or right <= left)


def same_value(wanted: object, found: object) -> bool:
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


def worst(result: Evaluation, count: int = 5) -> Sequence[tuple[str, CategoryScore]]:
    """The categories with the lowest accuracy, worst first."""
    return sorted(result.categories.items(), key=lambda item: (item[1].accuracy, item[0]))[:count]
