"""Labels and limits that were written before a queue or category was renamed hold under the names of today."""

from llm_assets.domain.desk.queue import Queues
from llm_assets.engine.answers.class_limits import ClassLimits, GroupLimits
from llm_assets.engine.answers.label import Label
from llm_assets.usecases.control_set import present_label, present_limits

NAMES = Queues.model_validate(
    {
        "queues": [
            {
                "name": "support",
                "was": "bank",
                "mailboxes": ["help@bank.example"],
                "default": True,
                "reviewers": ["amina"],
                "categories": [
                    {
                        "name": "plastic",
                        "was": "card",
                        "description": "When a card arrives",
                        "needs_reply": True,
                    },
                    {"name": "login", "description": "Cannot log in", "needs_reply": True},
                ],
            }
        ]
    }
).former_names


def test_a_label_goes_by_the_names_of_today() -> None:
    old = Label(file="1", queue="bank", category="login", also_acceptable=("card",), doubt="none")
    new = present_label(old, NAMES)
    assert (new.queue, new.category, new.also_acceptable) == ("support", "login", ("plastic",))
    none = present_label(Label(file="1", queue="bank", category=None, doubt="none_fits"), NAMES)
    assert (none.queue, none.category) == ("support", None)


def test_a_limit_goes_by_the_names_of_today() -> None:
    old = ClassLimits(categories=GroupLimits(least=0.5, of={"bank/card": 0.9, "support/login": 0.8}))
    assert present_limits(old, NAMES).categories.of == {"support/plastic": 0.9, "support/login": 0.8}
