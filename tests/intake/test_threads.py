"""A day's messages become cases: duplicates counted once, updates joined, strangers kept apart."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from llm_assets.domain.desk.queue import Category, Queue, Queues, Urgent
from llm_assets.domain.mail.document import Document, Priority, Role, cases_of
from llm_assets.intake.item import read_item
from llm_assets.intake.records.drops import read_drop
from llm_assets.intake.threads import EarlierCase
from tests.support.mail.written_mail import ARRIVED, assemble, mail, multipart, part, read, received

ANY = (Category(name="any"),)
QUEUES = Queues(
    queues=(
        Queue(
            name="bank",
            mailboxes=("support@bank.example",),
            categories=ANY,
            urgent=Urgent(senders=("judge@court.example",), words=("stolen",)),
        ),
        Queue(name="shop", mailboxes=("orders@shop.example",), categories=ANY),
        Queue(name="office", default=True, categories=ANY),
    )
)


def placed(*mails: bytes, earlier: Sequence[EarlierCase] = (), hours: float = 0.5) -> list[Document]:
    rows = [
        (received(f"{n}.eml", data, ARRIVED + timedelta(hours=hours * n)), read(data))
        for n, data in enumerate(mails)
    ]
    return sorted(assemble(rows, queues=QUEUES, earlier=earlier), key=lambda d: d.received.place)


def roles(documents: Sequence[Document]) -> list[Role]:
    return [d.role for d in documents]


def test_the_same_mail_at_two_places_is_a_duplicate() -> None:
    first, second = placed(mail(), mail(headers="Received: again"))
    assert roles([first, second]) == [Role.FIRST, Role.DUPLICATE]
    assert second.duplicate_of == first.message.record_id and second.case_id == first.case_id


def test_the_same_words_sent_twice_to_one_queue_are_a_duplicate() -> None:
    assert roles(placed(mail(), mail(message_id="<b@x>"))) == [Role.FIRST, Role.DUPLICATE]


def test_the_same_words_under_another_subject_are_a_duplicate() -> None:
    assert roles(placed(mail(), mail(message_id="<b@x>", subject="Card, again"))) == [
        Role.FIRST,
        Role.DUPLICATE,
    ]


def test_the_same_words_of_nobody_known_are_two_cases() -> None:
    data = mail(sender="", message_id=None)
    assert roles(placed(data, data + b" ")) == [Role.FIRST, Role.FIRST]


def test_the_same_words_to_two_queues_are_two_cases() -> None:
    documents = placed(mail(), mail(message_id="<b@x>", to="orders@shop.example"))
    assert roles(documents) == [Role.FIRST, Role.FIRST]
    assert [d.queue for d in documents] == ["bank", "shop"]


def test_two_empty_mails_are_two_cases_with_ids_of_their_own() -> None:
    documents = placed(mail("", message_id=None), mail("", message_id=None))
    assert roles(documents) == [Role.FIRST, Role.FIRST]
    assert len({d.case_id for d in documents}) == len({d.message.record_id for d in documents}) == 2


def test_the_same_attachment_twice_is_a_duplicate_without_any_text() -> None:
    data = multipart(
        part(""), part("Act 7", "text/plain", "Content-Disposition: attachment; filename=act.txt")
    )
    other = data.replace(b"a1@post.example", b"a2@post.example")
    assert roles(placed(data, other)) == [Role.FIRST, Role.DUPLICATE]


def test_a_repetition_after_a_day_is_a_case_again() -> None:
    assert roles(placed(mail(), mail(message_id="<b@x>"), hours=25)) == [Role.FIRST, Role.FIRST]


def test_a_reply_to_the_days_own_mail_is_an_update() -> None:
    first, second = placed(
        mail(), mail("Any news?", message_id="<b@x>", headers="In-Reply-To: <a1@post.example>")
    )
    assert roles([first, second]) == [Role.FIRST, Role.UPDATE]
    assert second.case_id == first.case_id and second.supersedes == first.message.record_id


def test_a_chain_of_replies_is_one_case_that_the_model_sees_oldest_first() -> None:
    documents = placed(
        mail("one"),
        mail("two", message_id="<b@x>", headers="In-Reply-To: <a1@post.example>"),
        mail("three", message_id="<c@x>", headers="References: <b@x>"),
    )
    (case,) = cases_of(documents)
    assert [d.message.text for d in case.documents] == ["one", "two", "three"]


def test_a_message_id_with_other_content_is_an_update() -> None:
    assert roles(placed(mail("one"), mail("one, and more"))) == [Role.FIRST, Role.UPDATE]


def test_a_message_id_used_by_another_sender_is_another_case() -> None:
    documents = placed(mail(), mail(sender="forger@post.example"))
    assert roles(documents) == [Role.FIRST, Role.FIRST]
    assert documents[0].case_id != documents[1].case_id


def test_another_senders_reply_does_not_join_the_case() -> None:
    stranger = mail(
        "me too", sender="b@post.example", message_id="<b@x>", headers="In-Reply-To: <a1@post.example>"
    )
    assert roles(placed(mail(), stranger)) == [Role.FIRST, Role.FIRST]


def test_a_reply_to_an_earlier_day_opens_a_linked_case() -> None:
    before = read(mail("old"))
    past = EarlierCase(
        before.record_id,
        before.message_id,
        before.customer_address,
        "case-1",
        before.content_hash,
        "bank",
        ARRIVED - timedelta(days=3),
    )
    (document,) = placed(
        mail("Any news?", message_id="<b@x>", headers="In-Reply-To: <a1@post.example>"), earlier=[past]
    )
    assert document.role is Role.FIRST
    assert document.supersedes == before.record_id and document.case_id != "case-1"


def earlier(
    data: bytes, before: timedelta, *, is_duplicate: bool = False, queue: str = "bank"
) -> EarlierCase:
    """A mail of yesterday's case `case-1`, which arrived `before` the first of today's."""
    message = read(data)
    return EarlierCase(
        message.record_id,
        message.message_id,
        message.customer_address,
        "case-1",
        message.content_hash,
        queue,
        ARRIVED - before,
        is_duplicate,
    )


def test_a_repetition_across_midnight_counts_as_a_duplicate_of_yesterdays_case() -> None:
    (document,) = placed(mail(message_id="<b@x>"), earlier=[earlier(mail(), timedelta(hours=23))])
    assert document.role is Role.DUPLICATE
    assert document.case_id == "case-1" and document.duplicate_of == read(mail()).record_id


def test_a_repetition_across_midnight_after_more_than_a_day_is_a_case() -> None:
    (document,) = placed(mail(message_id="<b@x>"), earlier=[earlier(mail(), timedelta(hours=25))])
    assert document.role is Role.FIRST


def test_a_repetition_of_yesterdays_duplicate_is_measured_against_its_original() -> None:
    past = [
        earlier(mail(message_id="<b@x>"), timedelta(hours=20), is_duplicate=True),
        earlier(mail(), timedelta(hours=26)),
    ]
    (document,) = placed(mail(message_id="<c@x>"), earlier=past)
    assert document.role is Role.FIRST


def test_a_repetition_across_midnight_to_another_queue_is_a_case() -> None:
    past = [earlier(mail(), timedelta(hours=2), queue="shop")]
    (document,) = placed(mail(message_id="<b@x>"), earlier=past)
    assert document.role is Role.FIRST


def test_yesterdays_second_version_sent_again_is_a_duplicate() -> None:
    past = [earlier(mail("one"), timedelta(hours=3)), earlier(mail("two"), timedelta(hours=2))]
    (document,) = placed(mail("two"), earlier=past)
    assert document.role is Role.DUPLICATE


def test_yesterdays_message_id_with_other_content_opens_a_linked_case() -> None:
    (document,) = placed(mail("one, and more"), earlier=[earlier(mail("one"), timedelta(hours=3))])
    assert document.role is Role.FIRST and document.supersedes == read(mail("one")).record_id


def test_a_strangers_reply_to_yesterdays_case_is_not_linked_to_it() -> None:
    stranger = mail(
        "me too", sender="b@post.example", message_id="<b@x>", headers="In-Reply-To: <a1@post.example>"
    )
    (document,) = placed(stranger, earlier=[earlier(mail(), timedelta(hours=3))])
    assert document.role is Role.FIRST and document.supersedes is None


def test_a_reply_to_todays_repetition_of_yesterdays_mail_is_linked_to_yesterdays_case() -> None:
    again = mail(message_id="<b@x>")
    reply = mail("Any news?", message_id="<c@x>", headers="In-Reply-To: <b@x>")
    repeated, linked = placed(again, reply, earlier=[earlier(mail(), timedelta(hours=3))])
    assert roles([repeated, linked]) == [Role.DUPLICATE, Role.FIRST]
    assert linked.supersedes == read(mail()).record_id


def test_a_reply_to_a_duplicate_joins_its_case() -> None:
    documents = placed(
        mail(),
        mail(message_id="<b@x>"),
        mail("Any news?", message_id="<c@x>", headers="In-Reply-To: <b@x>"),
    )
    assert roles(documents) == [Role.FIRST, Role.DUPLICATE, Role.UPDATE]
    assert len({d.case_id for d in documents}) == 1


def test_replies_copied_together_are_seen_in_the_order_they_were_written() -> None:
    def written(body: str, number: int, headers: str) -> bytes:
        data = mail(body, message_id=f"<{number}@x>", headers=headers)
        return data.replace(b" 08:00:00 +0500", f" {8 + number:02}:00:00 +0500".encode())

    mails = [
        written("one", 1, ""),
        written("two", 2, "In-Reply-To: <1@x>"),
        written("three", 3, "In-Reply-To: <2@x>"),
    ]
    rows = [(received(f"{9 - n}.eml", data), read(data)) for n, data in enumerate(mails)]
    (case,) = cases_of(assemble(rows, queues=QUEUES, earlier=()))
    assert [d.message.text for d in case.documents] == ["one", "two", "three"]


def test_an_urgent_update_makes_its_case_urgent() -> None:
    documents = placed(
        mail("hello"),
        mail("My card was stolen", message_id="<b@x>", headers="In-Reply-To: <a1@post.example>"),
    )
    (case,) = cases_of(documents)
    assert case.priority is Priority.URGENT


def test_delivered_to_decides_before_to() -> None:
    (document,) = placed(mail(headers="Delivered-To: orders@shop.example"))
    assert document.queue == "shop"


def test_mail_to_nobody_known_goes_to_the_default_queue() -> None:
    (document,) = placed(mail(to="someone@else.example"))
    assert document.queue == "office"


@pytest.mark.parametrize(
    ("named", "queue", "flags"),
    [
        ("shop", "shop", ()),
        ("ORDERS@shop.example", "shop", ()),
        ("warehouse", "office", ("unknown_queue",)),
        ("other@shop.example", "office", ()),
        ("", "office", ()),
    ],
)
def test_a_record_may_name_its_queue_and_an_unknown_one_is_marked(
    named: str, queue: str, flags: tuple[str, ...]
) -> None:
    (drop,) = read_drop(f"id;text;queue\n1;Where is it?;{named}\n".encode(), name="crm.csv")
    row = (received(drop.place, drop.data), read_item(drop.data, drop.kind, drop.place))
    (document,) = assemble([row], queues=QUEUES, earlier=())
    (again,) = assemble([(row[0], document.message)], queues=QUEUES, earlier=())
    assert (document.queue, document.message.flags) == (queue, flags)
    assert again == document


@pytest.mark.parametrize(
    ("data", "priority"),
    [
        (mail("My phone was STOLEN"), Priority.URGENT),
        (mail(sender="Judge <judge@court.example>"), Priority.URGENT),
        (mail("news", headers="Precedence: bulk"), Priority.LOW),
        (mail("away", headers="Auto-Submitted: auto-replied"), Priority.LOW),
        (mail("hello"), Priority.NORMAL),
    ],
)
def test_priority_is_the_queues_rule(data: bytes, priority: Priority) -> None:
    (document,) = placed(data)
    assert document.priority is priority


def test_the_order_in_which_messages_are_listed_changes_nothing() -> None:
    mails = [
        mail("one"),
        mail("two", message_id="<b@x>", headers="In-Reply-To: <a1@post.example>"),
        mail("x", message_id="<c@x>"),
    ]
    rows = [(received(f"{n}.eml", m, ARRIVED + timedelta(hours=n)), read(m)) for n, m in enumerate(mails)]
    forward = assemble(rows, queues=QUEUES, earlier=())
    assert assemble(rows[::-1], queues=QUEUES, earlier=()) == forward


def test_forty_thousand_messages_are_assembled_in_seconds() -> None:
    message = read(mail())
    row = received("0", b"x")
    rows = [
        (
            replace(row, place=str(n)),
            replace(
                message,
                record_id=str(n),
                content_hash=str(n),
                message_id=f"{n}@x",
                references=(f"{n - 1}@x",),
            ),
        )
        for n in range(40_000)
    ]
    assert len({d.case_id for d in assemble(rows, queues=QUEUES, earlier=())}) == 1


def form_mail(
    customer: str, body: str = "Please call me back.", message_id: str = "<15@site.example>"
) -> bytes:
    """What a web form sends: always from itself, the customer in Reply-To."""
    return mail(
        body,
        sender="Bank site <forms@site.example>",
        message_id=message_id,
        headers=f"Reply-To: {customer}",
    )


def test_two_customers_of_one_form_are_two_cases_even_with_the_same_words_and_id() -> None:
    documents = placed(form_mail("Anna Kim <anna@post.example>"), form_mail("Dana Lee <dana@post.example>"))
    assert roles(documents) == [Role.FIRST, Role.FIRST]
    assert len({d.message.record_id for d in documents}) == len({d.case_id for d in documents}) == 2
    assert len({d.message.content_hash for d in documents}) == 2


def test_one_customer_who_sends_a_form_twice_is_a_duplicate() -> None:
    twice = placed(
        form_mail("Anna Kim <anna@post.example>"),
        form_mail("<ANNA@post.example>", message_id="<16@site.example>"),
    )
    assert roles(twice) == [Role.FIRST, Role.DUPLICATE]


def test_a_customer_who_answers_their_own_form_updates_its_case() -> None:
    form = form_mail("Anna Kim <anna@post.example>")
    answer = mail("And by noon.", message_id="<b@x>", headers="In-Reply-To: <15@site.example>")
    stranger = mail(
        "Me too.", message_id="<c@x>", sender="e@x.example", headers="In-Reply-To: <15@site.example>"
    )
    assert roles(placed(form, answer)) == [Role.FIRST, Role.UPDATE]
    assert roles(placed(form, stranger)) == [Role.FIRST, Role.FIRST]


def test_yesterdays_form_of_another_customer_is_not_the_original_of_todays() -> None:
    past = earlier(form_mail("Anna Kim <anna@post.example>"), timedelta(hours=5))
    [same, other] = placed(
        form_mail("Anna Kim <anna@post.example>", message_id="<16@x>"),
        form_mail("Dana <dana@post.example>", message_id="<17@x>"),
        earlier=[past],
    )
    assert (same.role, other.role) == (Role.DUPLICATE, Role.FIRST)
