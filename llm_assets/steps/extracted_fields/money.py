"""Amounts and currencies that a passage states. Knows no fields and no case."""

import re
from decimal import Decimal

from llm_assets.steps.extracted_fields.number_words import SCALES, folded, with_digits

_SPACES = "[ \u00a0\u202f\u2009.,'’]"
_NUMBER = re.compile(
    rf"(?<![\d.,])(?P<whole>\d{{1,3}}(?:{_SPACES}\d{{3}})+(?!\d)|\d+)(?P<rest>[.,]\d{{1,2}}(?!\d)|-\d\d(?!\d))?"
)
_AFTER = re.compile(r"\s*([^\W\d_]+)\.?\s*")
_MINOR = re.compile(r"[^\d\n]{1,12}?(\d{1,2})\s*(?:тиын|коп|cent|цент)")
_DATE = re.compile(r"\b(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)|\d{4}-\d\d-\d\d)(?!\d)")
_ORDINAL = re.compile(r"(?:№|#)\s*[\w/-]*\d[\w/-]*")

ISO_4217 = frozenset(
    [
        "AED",
        "AFN",
        "ALL",
        "AMD",
        "ANG",
        "AOA",
        "ARS",
        "AUD",
        "AWG",
        "AZN",
        "BAM",
        "BBD",
        "BDT",
        "BGN",
        "BHD",
        "BIF",
        "BMD",
        "BND",
        "BOB",
        "BRL",
        "BSD",
        "BTN",
        "BWP",
        "BYN",
        "BZD",
        "CAD",
        "CDF",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CRC",
        "CUP",
        "CVE",
        "CZK",
        "DJF",
        "DKK",
        "DOP",
        "DZD",
        "EGP",
        "ERN",
        "ETB",
        "EUR",
        "FJD",
        "FKP",
        "GBP",
        "GEL",
        "GHS",
        "GIP",
        "GMD",
        "GNF",
        "GTQ",
        "GYD",
        "HKD",
        "HNL",
        "HTG",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "IQD",
        "IRR",
        "ISK",
        "JMD",
        "JOD",
        "JPY",
        "KES",
        "KGS",
        "KHR",
        "KMF",
        "KPW",
        "KRW",
        "KWD",
        "KYD",
        "KZT",
        "LAK",
        "LBP",
        "LKR",
        "LRD",
        "LSL",
        "LYD",
        "MAD",
        "MDL",
        "MGA",
        "MKD",
        "MMK",
        "MNT",
        "MOP",
        "MRU",
        "MUR",
        "MVR",
        "MWK",
        "MXN",
        "MYR",
        "MZN",
        "NAD",
        "NGN",
        "NIO",
        "NOK",
        "NPR",
        "NZD",
        "OMR",
        "PAB",
        "PEN",
        "PGK",
        "PHP",
        "PKR",
        "PLN",
        "PYG",
        "QAR",
        "RON",
        "RSD",
        "RUB",
        "RWF",
        "SAR",
        "SBD",
        "SCR",
        "SDG",
        "SEK",
        "SGD",
        "SHP",
        "SLE",
        "SOS",
        "SRD",
        "SSP",
        "STN",
        "SVC",
        "SYP",
        "SZL",
        "THB",
        "TJS",
        "TMT",
        "TND",
        "TOP",
        "TRY",
        "TTD",
        "TWD",
        "TZS",
        "UAH",
        "UGX",
        "USD",
        "UYU",
        "UZS",
        "VES",
        "VND",
        "VUV",
        "WST",
        "XAF",
        "XCD",
        "XOF",
        "XPF",
        "YER",
        "ZAR",
        "ZMW",
        "ZWG",
    ]
)
"""Codes of currencies in use, from ISO 4217; without funds and metals."""

_SIGNS = {
    "KZT": r"₸|(?<![^\W\d_])(?:тенге\w*|теньге|тг|тнг|tenge|tg)\b",
    "USD": r"(?<![a-z])\$|us\$|(?<![^\W\d_])(?:доллар\w*|dollars?|бакс\w*|bucks)\b",
    "EUR": r"€|(?<![^\W\d_])(?:евро|еуро|euros?)\b",
    "RUB": r"₽|(?<![^\W\d_])(?:руб|рубл\w*|rubles?|roubles?)\b|\d\s?р\b",
    "BYN": r"\bбел\w*\.? руб",
    "GBP": r"£|(?<![^\W\d_])(?:фунт\w*|pounds?|sterling|quid)\b",
    "CNY": r"¥|(?<![^\W\d_])(?:юан\w*|yuan|rmb)\b",
    "JPY": r"¥|(?<![^\W\d_])(?:иен\w*|йен\w*|yen)\b",
    "KGS": r"(?<![^\W\d_])(?:сом|сома|сомов|soms?)\b",
    "UZS": r"(?<![^\W\d_])(?:сум|сумов|soum)\b",
    "TRY": r"₺|(?<![^\W\d_])(?:лир\w*|liras?)\b",
    "AED": r"(?<![^\W\d_])(?:дирхам\w*|dirhams?)\b",
    "INR": r"₹|(?<![^\W\d_])(?:рупи\w*|rupees?)\b",
    "UAH": r"₴|(?<![^\W\d_])(?:гривен|гривн\w*|грн)\b",
    "GEL": r"₾|\bлари\b",
    "KRW": r"₩",
    "CHF": r"(?<![^\W\d_])(?:франк\w*|francs?)\b",
    "PLN": r"\bzł|\bзлот\w*",
    "AMD": r"\bдрам\w*",
    "AZN": r"₼|\bманат\w*",
    "CAD": r"ca?\$|\bканадск\w*|\bcanadian\b",
    "AUD": r"au?\$|\bавстралийск\w*|\baustralian\b",
}
_CURRENCY = re.compile("|".join(f"(?P<{code}>{pattern})" for code, pattern in _SIGNS.items()))
_CODE = re.compile(r"(?<![^\W\d_])[A-Za-z]{3}(?![^\W\d_])")
_OTHER_DOLLARS = frozenset({"CAD", "AUD"})


def amounts(passage: str) -> set[Decimal]:
    """Every amount that a passage states, in digits or words; a date or a number after № is none.

    One or two digits after a dot or comma are decimals, groups of three are thousands; `30 тыс.` is 30000 and nothing
    else, `500 руб. 50 коп.` is 500.50 too.
    """
    text = with_digits(_ORDINAL.sub(" ", _DATE.sub(" ", folded(passage))))
    found: set[Decimal] = set()
    carried: Decimal | None = None
    for match in _NUMBER.finditer(text):
        number = Decimal(
            re.sub(_SPACES, "", match["whole"]) + (f".{match['rest'][1:]}" if match["rest"] else "")
        )
        following = _AFTER.match(text, match.end())
        scale = SCALES.get(following[1]) if following is not None else None
        if carried is not None and number < carried:
            found.add(carried + number * (scale or 1))
            if scale is not None and scale < carried:
                found.discard(carried)
                carried = None
                continue
        carried = None
        if scale is not None:
            number *= scale
            # `12 тыс 500`: what follows a thousand may belong to it
            if following is not None and text[following.end() : following.end() + 1].isdigit():
                carried = number
        found.add(number)
        minor = _MINOR.match(text, match.end()) if not match["rest"] else None
        if minor is not None:
            found.add(number + Decimal(int(minor[1])) / 100)
    return found


def currencies(passage: str) -> set[str]:
    """ISO 4217 codes of the signs, words and codes in a passage."""
    text = folded(passage)
    found = {str(match.lastgroup) for match in _CURRENCY.finditer(text)}
    if found & _OTHER_DOLLARS:
        found.discard("USD")
    if "BYN" in found or re.search(r"\bбел\w*\.? руб", text) is not None:
        found = (found | {"BYN"}) - {"RUB"}
    if "CNY" in found or "JPY" in found:
        found |= {"CNY", "JPY"} if "¥" in text else set()
    codes = {code.upper() for code in _CODE.findall(passage)}
    return found | (codes & ISO_4217)
