"""Headers of the exports of CRMs, help desks and form builders are known without a rule, where they are clear."""

import pytest

from llm_assets.intake.records.mapping import DropMapping, plain

EXPORTS: dict[str, tuple[str, dict[str, str]]] = {
    "Bitrix24 ru": (
        "ID;Название лида;Имя;Фамилия;Рабочий телефон;Рабочий e-mail;Комментарий;Дата создания;Ответственный",
        {"id": "ID", "subject": "Название лида", "sender_name": "Имя", "phone": "Рабочий телефон",
         "sender_email": "Рабочий e-mail", "text": "Комментарий", "created_at": "Дата создания"},
    ),
    "amoCRM ru": (
        "ID;Название сделки;Основной контакт;Рабочий телефон;Рабочий email;Примечание 1;Дата создания;Теги",
        {"id": "ID", "subject": "Название сделки", "phone": "Рабочий телефон", "sender_email": "Рабочий email",
         "text": "Примечание 1", "created_at": "Дата создания", "sender_name": "Основной контакт"},
    ),
    "amoCRM ru with two notes": (
        "ID;Название сделки;Основной контакт;Рабочий email (контакт);Примечание 1;Примечание 2",
        {"id": "ID", "subject": "Название сделки", "sender_email": "Рабочий email (контакт)", "text": "Примечание 1",
         "sender_name": "Основной контакт"},
    ),
    "Salesforce by API names": (
        "CaseNumber;Subject;Description;SuppliedName;SuppliedEmail;SuppliedPhone;CreatedDate",
        {"id": "CaseNumber", "sender_name": "SuppliedName", "sender_email": "SuppliedEmail", "phone": "SuppliedPhone",
         "subject": "Subject", "text": "Description", "created_at": "CreatedDate"},
    ),
    "Mail client ru": (
        "Отправитель;Тема;Текст;Дата",
        {"sender_name": "Отправитель", "subject": "Тема", "text": "Текст", "created_at": "Дата"},
    ),
    "Typeform": (
        "#;What's your *name*?;And your email?;How can we help you?;Submit Date (UTC)",
        {"id": "#", "sender_name": "What's your *name*?", "sender_email": "And your email?",
         "text": "How can we help you?", "created_at": "Submit Date (UTC)"},
    ),
    "Microsoft Forms ru": (
        "Электронная почта;Что у вас случилось?;Номер договора",
        {"sender_email": "Электронная почта", "text": "Что у вас случилось?"},
    ),
    "Salesforce": (
        "Case Number;Contact Name;Web Email;Contact Phone;Subject;Description;Date/Time Opened;Case Owner;Status",
        {"id": "Case Number", "sender_name": "Contact Name", "sender_email": "Web Email", "phone": "Contact Phone",
         "subject": "Subject", "text": "Description", "created_at": "Date/Time Opened"},
    ),
    "HubSpot": (
        "Ticket ID;Ticket name;Ticket description;Create date;Contact email;Ticket owner;Pipeline",
        {"id": "Ticket ID", "subject": "Ticket name", "text": "Ticket description", "created_at": "Create date",
         "sender_email": "Contact email"},
    ),
    "Zendesk": (
        "Id;Requester;Requester email;Subject;Description;Created at;Updated at;Assignee;Assignee email;Status",
        {"id": "Id", "sender_name": "Requester", "sender_email": "Requester email", "subject": "Subject",
         "text": "Description", "created_at": "Created at"},
    ),
    "Freshdesk": (
        "Ticket ID;Subject;Description;Full name;Email;Created time;Agent;Last update time;Contact ID",
        {"id": "Ticket ID", "subject": "Subject", "text": "Description", "sender_name": "Full name",
         "sender_email": "Email", "created_at": "Created time"},
    ),
    "1C": (
        "№ п/п;Дата;Контрагент;Содержание;Телефон;Ответственный;Организация",
        {"id": "№ п/п", "created_at": "Дата", "sender_name": "Контрагент", "text": "Содержание", "phone": "Телефон"},
    ),
    "Google Forms ru": (
        "Отметка времени;Адрес электронной почты;Как к вам обращаться?;Опишите вашу проблему;Согласие на обработку",
        {"created_at": "Отметка времени", "sender_email": "Адрес электронной почты", "text": "Опишите вашу проблему"},
    ),
    "Google Forms kk": (
        "Уақыт белгісі;Аты-жөніңіз;Телефон нөміріңіз;Сұрағыңыз қандай?",
        {"created_at": "Уақыт белгісі", "sender_name": "Аты-жөніңіз", "phone": "Телефон нөміріңіз",
         "text": "Сұрағыңыз қандай?"},
    ),
    "Google Forms en": (
        "Timestamp;Email Address;What is your question?;Branch",
        {"created_at": "Timestamp", "sender_email": "Email Address", "text": "What is your question?"},
    ),
    "JotForm": (
        "Submission Date;Full Name;E-mail;Phone Number;Your Message;Submission ID;Submission IP",
        {"created_at": "Submission Date", "sender_name": "Full Name", "sender_email": "E-mail", "phone": "Phone Number",
         "text": "Your Message", "id": "Submission ID"},
    ),
    "Tilda": (
        "Name;Email;Phone;Textarea;tranid;formid;referer;Created",
        {"sender_name": "Name", "sender_email": "Email", "phone": "Phone", "text": "Textarea", "id": "tranid",
         "created_at": "Created"},
    ),
    "CF7": (
        "your-name;your-email;your-subject;your-message;_wpcf7",
        {"sender_name": "your-name", "sender_email": "your-email", "subject": "your-subject", "text": "your-message"},
    ),
    "a housing office": (
        "#;Дата/время;Автор обращения;Обращение заявителя;Контакты;Договор №",
        {"id": "#", "created_at": "Дата/время", "sender_name": "Автор обращения", "text": "Обращение заявителя"},
    ),
    "Lead notes": (
        "lead_id;Contact full name;Work phone;Lead notes;Budget",
        {"id": "lead_id", "sender_name": "Contact full name", "phone": "Work phone", "text": "Lead notes"},
    ),
    "a clinic": (
        "Номер заявки;ФИО пациента;Моб. тел.;Эл. почта;Суть жалобы;Дата поступления заявки;Комментарий оператора",
        {"id": "Номер заявки", "sender_name": "ФИО пациента", "phone": "Моб. тел.", "sender_email": "Эл. почта",
         "text": "Суть жалобы", "created_at": "Дата поступления заявки"},
    ),
    "an office": (
        "Өтінім нөмірі;Тіркелген күні;Өтініш берушінің аты-жөні;Байланыс телефоны;Өтініштің мазмұны;Жауап беруші",
        {"id": "Өтінім нөмірі", "created_at": "Тіркелген күні", "sender_name": "Өтініш берушінің аты-жөні",
         "phone": "Байланыс телефоны", "text": "Өтініштің мазмұны"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_the_columns_of_an_export_are_found(name: str) -> None:
    headers, expected = EXPORTS[name]
    assert DropMapping().columns(headers.split(";")) == expected


@pytest.mark.parametrize("header", ["Комментарий оператора", "Ответ менеджера", "Тип жалобы", "Message ID", "Question type",
                                    "Количество вопросов", "Сұрақ түрі", "Дата жалобы", "x" * 200 + " вопрос"])  # fmt: skip
def test_a_column_about_something_else_is_not_what_the_customer_writes(header: str) -> None:
    assert "text" not in DropMapping().columns(["id", header])


def test_of_two_columns_that_look_alike_none_is_taken() -> None:
    assert "text" not in DropMapping().columns(["Вопрос о доставке", "Вопрос об оплате"])
    assert "phone" not in DropMapping().columns(["Телефон домашний", "Телефон служебный"])


def test_a_declared_column_is_not_looked_for_elsewhere() -> None:
    mapping = DropMapping(text=("Why",), phone=())
    assert mapping.columns(["Суть жалобы", "Моб. тел."]) == {}
    assert plain("Суть жалобы") == "сутьжалобы"
