"""JSON of form builders and CRMs becomes fields under the labels that people saw."""

from typing import Any

import pytest

from llm_assets.intake.records.nested import flat, unbracketed

BUILDERS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "JSON in a text of JSON": (
        {"formID": "9", "rawRequest": '{"q4_email": "dana@post.example", "q5_message": "It is cold"}', "note": '{"a": 1}'},
        {"formID": "9", "q4_email": "dana@post.example", "q5_message": "It is cold", "note": '{"a": 1}'},
    ),
    "a label for each language": (
        {"answer": {"data": {"a1": {"question": {"label": {"ru": "Этаж"}}, "value": "4"}}}},
        {"Этаж": "4"},
    ),
    "wrapped answers": (
        {"id": "w-1", "answers": {"message": "Lift 3 is stuck", "q1": "yes"}},
        {"id": "w-1", "message": "Lift 3 is stuck", "q1": "yes"},
    ),
    "labels and values": (
        {"fields": [{"label": "Адрес дома", "value": "Сатпаева 4"}, {"label": "Этаж", "value": 7}, {"label": "Кабины", "value": ["A", "B"]}]},
        {"Адрес дома": "Сатпаева 4", "Этаж": "7", "Кабины": "A, B"},
    ),
    "Typeform": (
        {"event_type": "form_response", "form_response": {
            "submitted_at": "2026-09-03T11:07:00Z",
            "definition": {"fields": [{"id": "f1", "title": "What happened?"}, {"id": "f2", "title": "Which floors?"}, {"id": "f3", "title": "Again?"}]},
            "answers": [
                {"type": "text", "text": "It is stuck", "field": {"id": "f1", "type": "long_text"}},
                {"type": "choices", "choices": {"ids": ["x"], "labels": ["3", "4"]}, "field": {"id": "f2"}},
                {"type": "boolean", "boolean": False, "field": {"id": "f3"}},
            ]}},
        {"event_type": "form_response", "submitted_at": "2026-09-03T11:07:00Z", "What happened?": "It is stuck", "Which floors?": "3, 4", "Again?": "false"},
    ),
    "Tally": (
        {"data": {"responseId": "r9", "fields": [{"key": "question_a", "label": "District", "type": "DROPDOWN", "value": ["o2"], "options": [{"id": "o1", "text": "North"}, {"id": "o2", "text": "South"}]}]}},
        {"responseId": "r9", "District": "South"},
    ),
    "JotForm": (
        {"submissionID": "88", "answers": {"3": {"name": "who", "text": "Full Name", "type": "control_fullname", "answer": {"first": "Dana", "last": "Oak"}, "prettyFormat": "Dana Oak"}, "4": {"text": "Trouble", "answer": "Noise"}}},
        {"submissionID": "88", "Full Name": "Dana Oak", "Trouble": "Noise"},
    ),
    "Google Forms": (
        {"responseId": "g1", "answers": {"5f0a": {"questionId": "5f0a", "textAnswers": {"answers": [{"value": "Red"}, {"value": "Blue"}]}}}},
        {"responseId": "g1", "5f0a": "Red, Blue"},
    ),
    "Google script": ({"namedValues": {"Отметка времени": ["03.09.2026"], "Ваш вопрос": ["Где лифт?"]}}, {"Отметка времени": "03.09.2026", "Ваш вопрос": "Где лифт?"}),
    "Bitrix24": (
        {"result": {"ID": "12", "COMMENTS": "Шумит", "EMAIL": [{"ID": "1", "VALUE_TYPE": "WORK", "VALUE": "a@post.example", "TYPE_ID": "EMAIL"}], "PHONE": [{"VALUE": "+7 1"}, {"VALUE": "+7 2"}]}},
        {"ID": "12", "COMMENTS": "Шумит", "EMAIL": "a@post.example", "PHONE": "+7 1, +7 2"},
    ),
    "amoCRM": (
        {"id": 4, "custom_fields_values": [{"field_id": 1, "field_name": "Подъезд", "field_code": None, "values": [{"value": "2", "enum_id": 9}]}]},
        {"id": "4", "Подъезд": "2"},
    ),
    "HubSpot": ({"values": [{"name": "email", "value": "a@post.example", "objectTypeId": "0-1"}, {"name": "message", "value": "Hi"}]}, {"email": "a@post.example", "message": "Hi"}),
    "Elementor": (
        {"form": {"id": "f7", "name": "Callback"}, "fields": {"field_1": {"id": "field_1", "type": "text", "title": "Подъезд", "value": "2", "raw_value": "2", "required": "0"}}},
        {"form id": "f7", "form name": "Callback", "Подъезд": "2"},
    ),
    "Facebook": ({"field_data": [{"name": "full_name", "values": ["Dana Oak"]}]}, {"full_name": "Dana Oak"}),
    "people with one key": (
        {"customer": {"id": 5, "name": "Dana", "email": "d@post.example"}, "ticket": {"id": 7, "description": "Noise"}},
        {"customer id": "5", "customer name": "Dana", "email": "d@post.example", "id": "7", "description": "Noise"},
    ),
    "goods": ({"items": [{"sku": "a", "qty": 1}, {"sku": "b", "qty": 2}]}, {"items 1 sku": "a", "items 1 qty": "1", "items 2 sku": "b", "items 2 qty": "2"}),
    "a flat form": ({"id": 1, "question": "Why?", "answer": "", "n": None, "f": 4500.5}, {"id": "1", "question": "Why?", "answer": "", "n": "", "f": "4500.5"}),
}  # fmt: skip


@pytest.mark.parametrize("name", BUILDERS)
def test_the_json_of_a_form_builder_becomes_labelled_fields_in_order(name: str) -> None:
    content, expected = BUILDERS[name]
    found = flat(content)
    assert found == expected and list(found) == list(expected)


def test_the_id_of_a_person_or_form_inside_is_not_the_records() -> None:
    assert "id" not in flat({"form": {"id": "contact"}, "client": {"id": 7}, "message": "Hi"})


def test_php_names_of_fields_are_nested_as_they_say() -> None:
    pairs = [
        ("a[0][label]", "Floor"),
        ("a[0][value]", "3"),
        ("tick[]", "x"),
        ("tick[]", "y"),
        ("plain", "z"),
        ("odd[", "w"),
    ]
    assert flat(unbracketed(pairs)) == {"Floor": "3", "tick": "x, y", "plain": "z", "odd[": "w"}
    assert unbracketed([("a", "1"), ("a[b]", "2")]) == {"a": "1", "a[b]": "2"}


def test_depth_and_width_are_bounded() -> None:
    deep: dict[str, Any] = {"end": "x"}
    for _ in range(200):
        deep = {"in": deep}
    assert len(flat(deep)) == 1
    assert len(flat({"list": [{"k": n} for n in range(100_000)]})) <= 2_000
