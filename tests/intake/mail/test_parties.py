"""Who the customer of a mail is: the sender, or whoever a form or system names in Reply-To."""

import pytest

from llm_assets.domain.mail.document import Address, Message
from llm_assets.domain.mail.document_rows import document_row, message_from_json, message_to_json
from llm_assets.intake.rows import message_json
from tests.support.mail.invented_documents import case, document
from tests.support.mail.written_mail import mail, read

FORM = "Bank site <noreply@site.example>"


def read_from(sender: str, reply_to: str, *headers: str, to: str = "support@bank.example") -> Message:
    return read(mail(sender=sender, to=to, headers="\r\n".join((f"Reply-To: {reply_to}", *headers))))


def test_the_customer_of_a_form_stands_in_reply_to() -> None:
    message = read_from(FORM, "=?utf-8?B?0JDQvdC90LA=?= <Anna@Post.example>")
    assert message.customer == message.reply_to == Address("Анна", "anna@post.example")
    assert message.sender == Address("Bank site", "noreply@site.example")
    assert message_json(message)["reply_to"] == {"name": "Анна", "address": "anna@post.example"}


@pytest.mark.parametrize(
    ("reply_to", "headers"),
    [
        ("Anna K. <anna@post.example>", ()),  # the same address under another name
        ("support@bank.example", ()),  # the mailbox that received it
        ("SUPPORT@bank.example", ()),
        ("no-reply@post.example", ()),  # nobody reads it
        ("do_not_reply@post.example", ()),
        ("talk@list.example", ("Cc: talk@list.example",)),  # a list that wants its answers itself
        ("r-8a7f@news.example", ("List-Unsubscribe: <mailto:u@news.example>",)),  # a newsletter
        ("Anna", ()),
        ("", ()),
        ("<>", ()),
    ],
)
def test_a_reply_to_that_names_no_other_customer_leaves_the_sender(
    reply_to: str, headers: tuple[str, ...]
) -> None:
    message = read_from("Anna Kim <anna@post.example>", reply_to, *headers)
    assert message.customer == message.sender == Address("Anna Kim", "anna@post.example")


def test_the_first_of_several_addresses_that_is_one_counts() -> None:
    message = read_from(FORM, '"Kim, Anna" <anna@post.example>, Dana <dana@post.example>')
    assert message.customer == Address("Kim, Anna", "anna@post.example")


@pytest.mark.parametrize("ours", ["support@bank.example", "noreply@site.example"])
def test_an_address_of_ours_before_the_customers_in_reply_to_is_passed_over(ours: str) -> None:
    message = read_from(FORM, f"{ours}, Anna <anna@post.example>")
    assert message.customer == message.reply_to == Address("Anna", "anna@post.example")


def test_our_own_mailbox_may_send_the_form_to_itself() -> None:
    message = read_from("support@bank.example", "anna@post.example")
    assert message.customer_address == "anna@post.example"


def test_a_row_of_the_lake_names_both_and_comes_back_as_it_was() -> None:
    message = read_from(FORM, "Anna <anna@post.example>")
    assert message_from_json(message_to_json(message)) == message
    old = {k: v for k, v in message_to_json(message).items() if k != "reply_to"}
    assert message_from_json(old).customer == message.sender  # as an earlier version wrote it
    row = document_row(document(1, sender=message.sender, reply_to=message.reply_to), "reader")
    assert (row["sender"], row["reply_to"]) == ("noreply@site.example", "anna@post.example")
    assert document_row(document(1), "reader")["reply_to"] is None


def test_the_model_is_shown_the_customer_and_the_mask_hides_their_name() -> None:
    from llm_assets.domain.desk.prompt import render_case
    from llm_assets.intake.pii.masking import mask_case

    sent = case(
        document(
            1,
            "Anna asks for a call.",
            sender=Address("Bank site", "noreply@site.example"),
            reply_to=Address("Anna Kim", "anna@post.example"),
        )
    )
    assert 'from="Anna Kim anna@post.example"' in render_case(sent)
    masked = mask_case(sent).text
    assert "Anna" not in masked and "anna@post.example" not in masked
