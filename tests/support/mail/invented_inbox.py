"""A small invented inbox of one day: mails in three languages, a CRM export, web forms, and what goes wrong with them."""

import os
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Almaty")
BANK, SHOP, OFFICE = "support@altyn.example", "orders@altyn.example", "info@altyn.example"

RECEIVED, DUPLICATES, UPDATES = 16, 1, 1
DOCUMENTS = RECEIVED - DUPLICATES - UPDATES


def mail(
    body: str, number: int, *, to: str = BANK, subject: str = "Question", sender: str = "", headers: str = ""
) -> bytes:
    sender = sender or f"Customer {number} <customer{number}@post.example>"
    head = [
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject}",
        f"Message-ID: <mail{number}@post.example>",
        "Content-Type: text/plain; charset=utf-8",
        *([headers] if headers else []),
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body.encode()


def mails() -> Mapping[str, bytes]:
    """File name -> bytes: twelve mails, two CRM records and two web forms."""
    waiting = "Hello, my new card was ordered ten days ago. When does the courier bring it?"
    twice = "Здравствуйте! Вчера на кассе с меня списали дважды 12 500 тенге. Верните деньги."
    first, second = "Customer 1 <customer1@post.example>", "Иван Петров <ivan@post.example>"
    return {
        "01.eml": mail(waiting, 1, sender=first, subject="New card"),
        "02.eml": mail(twice, 2, sender=second, subject="Double charge"),
        "03.eml": mail("Сәлеметсіз бе! Жаңа картам қашан келеді? Курьер хабарласқан жоқ.", 3),
        "04.eml": mail("Thank you, everything was perfect, I recommend your shop!", 4, to=SHOP),
        "05.eml": mail("Где мой заказ 4471? Курьер не приехал, трек не обновляется.", 5, to=SHOP),
        "06.eml": mail("Тауарды қайтарамын, өлшемі келмеді. Ақшаны қайтарыңыз.", 6, to=SHOP),
        "07.eml": mail(
            "Просим прислать закрывающие документы за октябрь: акт и накладную.",
            7,
            to="documents@altyn.example",
        ),
        "08.eml": mail(
            "I am out of office until Monday.", 8, to=OFFICE, headers="Auto-Submitted: auto-replied"
        ),
        "09.eml": mail(waiting, 9, sender=first, subject="New card"),
        "10.eml": mail(
            "Есть новости по двойному списанию?",
            10,
            sender=second,
            headers="In-Reply-To: <mail2@post.example>",
        ),
        "11.eml": b"\x00\xff\xfe broken \x00" * 20,
        "12.eml": mail("My card was stolen and somebody pays with it! Block it.", 12, subject="Stolen card"),
        "crm.csv": "Номер;Клиент;Ящик;Обращение\nC-1;Ким Анна;support@altyn.example;Не могу войти в приложение, код не приходит\n"
        "C-2;Ли Олег;orders@altyn.example;Хочу отменить заказ 881\n".encode("cp1251"),
        "forms.jsonl": b'{"id":"F-1","name":"Bob","email":"bob@post.example","to":"info@altyn.example","message":'
        b'"What are your opening hours on Saturday?"}\n'
        b'{"id":"F-2","name":"Eve","email":"eve@post.example","to":"support@altyn.example","message":'
        b'"I forgot my password and cannot log in."}\n',
    }


def put(folder: Path, name: str, data: bytes, day: date) -> Path:
    """A file that arrived on `day`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    moment = datetime.combine(day, time(0, 1), ZONE).timestamp()
    os.utime(path, (moment, moment))
    return path


def fill(folder: Path, day: date) -> None:
    for name, data in mails().items():
        put(folder, name, data, day)
