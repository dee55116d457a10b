"""The words by which facts are found, in English, Russian and Kazakh. Data only, for `fields.py`."""

REQUEST_ANCHORS = (
    *("заявк", "обращени", "заказ", "заявлени", "договор"),
    *("order", "ticket", "request", "case", "reference", "application", "contract"),
    *("өтінім", "өтініш", "тапсырыс", "шарт"),
)
DOCUMENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("reconciliation", ("акт сверки", "акта сверки", "reconciliation", "салыстыру акті")),
    (
        "invoice",
        (
            "счет-фактур",
            "счёт-фактур",
            "счет на оплату",
            "счёт на оплату",
            "счёт №",
            "счет №",
            "счёта №",
            "invoice",
            "инвойс",
            "шот-фактура",
            "эсф",
        ),
    ),
    (
        "act",
        (
            "акт выполненных",
            "акт оказанных",
            "акт приёма",
            "акт приема",
            "акт №",
            "орындалған жұмыс",
            "act of ",
        ),
    ),
    ("waybill", ("накладн", "waybill", "жүкқұжат", "delivery note")),
    ("letter", ("исх. №", "исх №", "исх.", "шығ. №", "our ref")),
    ("receipt", ("чек №", "квитанц", "receipt", "түбіртек")),
    ("statement", ("выписк", "bank statement", "statement of account", "үзінді")),
    ("contract", ("договор", "контракт", "contract", "келісімшарт", "шарт №")),
)
"""Kinds of business documents. A contract counts only inside an attachment: elsewhere its number names the request."""
PROBLEMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("wrong_charge", ("списали дважды", "дважды спис", "двойное спис", "повторно спис", "лишн", "сняли комисс",
                      "почему сняли", "за что сняли", "зачем сняли", "не совершал", "неверная сумма", "неверно спис",
                      "charged twice", "double charge", "wrong charge", "overcharged", "reverse the",
                      "екі рет", "артық алын")),
    ("missing_item", ("не хватает", "недостач", "не положили", "недокомплект", "missing item", "missing part",
                      "item is missing", "what is missing", "came without", "жетіспейді")),
    ("access", ("не могу войти", "не могу зайти", "забыл пароль", "забыла пароль", "заблокирован", "код не прих",
                "can't log in", "cannot log in", "can't get into", "forgot my password", "locked out",
                "кіре алма", "құпиясөзді ұмыт", "код келме")),
    ("delay", ("задерж", "до сих пор не", "так и нет", "не пришл", "не пришёл", "не доставл", "не дошёл", "не дошел",
               "не отдают", "просроч", "где мой заказ", "где моя", "still not", "still waiting", "delay",
               "not arrived", "hasn't come", "hasn't arrived", "has not come", "where is my", "кешік", "әлі жоқ",
               "әлі келме", "келмеді", "қайда")),
    ("complaint", ("жалоб", "претензи", "возмущ", "разочаров", "перепутал", "прислали не т", "брак", "треснут",
                   "complain", "unacceptable", "cracked", "damaged", "wrong item", "шағым", "сынып", "басқа түс")),
    ("missing_document", ("нет документ", "не прислали договор", "пришлите", "вышлите", "прошу прислать",
                          "прошу выслать", "нужна выписка", "нужна справка", "missing document", "please send the",
                          "жіберіңіз", "анықтама керек")),
    ("not_working", ("не работает", "сломал", "ошибк", "не открывается", "не прошла", "отклон", "not working",
                     "doesn't work", "does not work", "broken", "error", "declined", "жұмыс істеме", "істемейді",
                     "бұзыл", "өтпеді")),
    ("information", ("подскажите", "как мне", "сколько", "когда", "можно ли", "how do i", "how much", "could you tell",
                     "қалай", "қашан", "қанша", "?")),
)  # fmt: skip
CODES = {
    **dict.fromkeys(("₸", "тенге", "теңге", "тг", "kzt"), "KZT"),
    **dict.fromkeys(("₽", "руб", "rub"), "RUB"),
    **dict.fromkeys(("$", "usd", "доллар", "dollar"), "USD"),
    **dict.fromkeys(("€", "eur", "евро"), "EUR"),
}
BEFORE_NUMBER = frozenset({"$", "€", "₸", "₽", "usd", "eur", "kzt"})
TOTALS = (
    "итого",
    "всего к оплате",
    "к оплате",
    "total",
    "жиыны",
    "барлығы",
    "amount due",
    "на сумму",
    "сумма",
)
CLOSINGS = (
    "с уважением",
    "regards",
    "sincerely",
    "құрметпен",
    "спасибо,",
    "рахмет,",
    "yours faithfully",
    "thank you,",
)
INTRODUCTIONS = ("меня зовут", "my name is", "менің атым", "атым", "i am ")
DEADLINES = (
    "не позднее",
    "в срок до",
    "срок до",
    " до ",
    "deadline",
    "no later than",
    "until ",
    "before ",
    " by ",
)
UNTIL = ("дейін", "кешіктірмей")
ABSENCES = (
    *("out of office", "out of the office", "on leave", "on vacation", "be back"),
    *("в отпуске", "отсутству", "вернусь"),
    *("демалыс", "ораламын"),
)
