"""Which JSON schemas each protocol's owner accepts for structured answers.

OpenAI's strict mode: the guide "Structured Outputs", section "Supported schemas": every field required, no composition but
`anyOf`, 5,000 fields, 10 levels, 1,000 enum values, 120,000 characters of names and values. Anthropic: the page "Structured
outputs", section "JSON Schema limitations", and what the SDK's `transform_schema` takes out: no recursion, no bounds, 24
optional fields, 16 of several types. Both follow references to `$defs`, with nothing beside them: OpenAI answers "$ref cannot
have keywords" and "objects provided via 'anyOf' must not share identical first keys" (seen by its users in 2026), and
Anthropic's SDK drops what is beside a reference. Gemini's `responseJsonSchema`: the reference of GenerationConfig, which
names `$defs` and `$ref`, allows nothing beside a reference, and a loop only in fields that are not required. A server that speaks a protocol without being its owner may accept less, and shows so
by refusing the first request. The larger figures of OpenAI and the two counts of Anthropic were not seen in an answer of a
live API.
"""

from collections.abc import Mapping

from llm_assets.domain.desk.schema_rules import SchemaRules
from llm_assets.domain.dialect import AnswerFormat
from llm_assets.domain.profile import Profile

_COMPOSED = ("oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas")
_OF_OBJECTS = (
    "patternProperties",
    "propertyNames",
    "unevaluatedProperties",
    "minProperties",
    "maxProperties",
)
_OF_LISTS = ("prefixItems", "uniqueItems", "contains", "minContains", "maxContains", "unevaluatedItems")
_BOUNDS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "maxItems"),
)
_FORMATS = frozenset(("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"))

RULES: Mapping[str, SchemaRules] = {
    "openai": SchemaRules(
        refused=frozenset((*_COMPOSED, "allOf", *_OF_OBJECTS, *_OF_LISTS)),
        formats=_FORMATS,
        every_required=True,
        properties=5_000,
        depth=10,
        enum_values=1_000,
        name_characters=120_000,
        recursive=True,
        starts_differ=True,
    ),
    "anthropic": SchemaRules(
        refused=frozenset((*_COMPOSED, *_OF_OBJECTS, *_OF_LISTS, *_BOUNDS)),
        formats=_FORMATS | {"uri"},
        every_required=False,
        optional=24,
        unions=16,
    ),
    "gemini": SchemaRules(refused=frozenset(), formats=None, every_required=False),
}


def schema_rules(profile: Profile) -> SchemaRules | None:
    """The rules of a profile's protocol; None where none are known, and where its dialect does not ask for the strict form."""
    strict = profile.dialect.answer_format is AnswerFormat.STRICT_SCHEMA
    return RULES.get(profile.protocol) if strict else None
