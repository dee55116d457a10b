"""Who works an answer, by a lock that ends with its process."""

from llm_assets.usecases.answers.owner import Owner
from resources.ledger import SqlLedger


def test_a_process_lives_as_long_as_its_lock_is_held(ledger: SqlLedger) -> None:
    first, second = Owner(ledger.locks), Owner(ledger.locks)
    first.hold()
    first.hold()
    assert second.lives(first.name) and first.lives(first.name)
    assert not second.lives("nobody")
    first.close()  # as when the database's server has ended its session
    assert not second.lives(first.name)
    first.hold()
    assert second.lives(first.name)
    first.close()


def test_what_a_process_left_is_taken_once(ledger: SqlLedger) -> None:
    owner = Owner(ledger.locks)
    assert not owner.takes("ans_1")
    owner.leave("ans_1")
    assert owner.takes("ans_1")
    assert not owner.takes("ans_1")
