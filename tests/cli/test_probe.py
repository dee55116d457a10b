"""`doctor --probe`: finds out what a server takes, with the command against servers that refuse this and that."""

from collections.abc import Callable

import pytest
import yaml

from llm_assets.domain.dialect import AnswerFormat, Dialect
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.probe import ENDS_WITHIN, LISTED_WITHIN, MOST_CALLS, Probe, search
from resources.settings.environment import load_settings
from tests.support.houses.house import Emulated, House

STRICT = Dialect()
PROFILE = """
providers:
  house:
    protocol: {protocol}
    base_url: {url}
    api_key_env: HOUSE_KEY
    region: local
    models: {{cheap: small-8b, standard: large-70b, strong: large-70b}}
    prices: {{small-8b: {{input: 0.05, output: 0.10}}, large-70b: {{input: 0.40, output: 0.80}}}}
    limits: {{online_concurrency: 2}}
    capabilities: {{{capabilities}}}
"""


@pytest.mark.parametrize(
    ("refuses", "found"),
    [
        (lambda d: False, STRICT),
        (
            lambda d: d.answer_limit == "max_completion_tokens",
            STRICT.model_copy(update={"answer_limit": "max_tokens"}),
        ),
        (lambda d: d.prompt_cache, STRICT.model_copy(update={"prompt_cache": False})),
        (
            lambda d: d.answer_format in (AnswerFormat.STRICT_SCHEMA, AnswerFormat.SCHEMA),
            STRICT.model_copy(update={"answer_format": AnswerFormat.JSON_OBJECT}),
        ),
        (
            lambda d: d != Dialect(answer_limit="max_tokens", answer_format="prompt", prompt_cache=False),
            Dialect(answer_limit="max_tokens", answer_format="prompt", prompt_cache=False),
        ),
        (lambda d: True, None),
    ],
    ids=["nothing", "the limit's name", "the cache", "schemas", "all but the plainest", "everything"],
)
def test_the_strictest_form_that_is_taken_is_found_with_few_calls(
    refuses: Callable[[Dialect], bool], found: Dialect | None
) -> None:
    asked: list[Dialect] = []

    def takes(dialect: Dialect) -> bool:
        asked.append(dialect)
        return not refuses(dialect)

    assert search(STRICT, takes) == found
    assert len(asked) <= MOST_CALLS


# The command


def _calls(emulated: Emulated, operation: str) -> int:
    return int(emulated.ask("GET", "/_emulator/stats")["calls"].get(operation, 0))


def probed(house: House, protocol: str, *, capabilities: str = "vision: true") -> tuple[int, str]:
    """Exit code and output of the probe of a server that speaks this protocol under models of its own."""
    running = house.emulator
    url = running.openai_base_url if protocol == "openai" else running.url
    config = house.home.parent / "config"
    config.mkdir(exist_ok=True)
    text = PROFILE.format(protocol=protocol, url=url, capabilities=capabilities)
    (config / "providers.yaml").write_text(text)
    done = house.run(
        "doctor",
        "--probe",
        LLM_ASSETS_CONFIG=str(config),
        LLM_ASSETS_PROVIDER="house",
        HOUSE_KEY="invented-key",
    )
    return done.code, done.out


def refusing(*parameters: str) -> str:
    """A scenario in which requests with any of these parameters are refused as its owner would refuse them."""
    rules = [
        {
            "when": {"parameter": name},
            "outcome": "error",
            "status": 400,
            "type": "invalid_request_error",
            "message": f"{name}: Extra inputs are not permitted",
        }
        for name in parameters
    ]
    return yaml.safe_dump({"requests": rules})


@pytest.mark.parametrize("protocol", ["openai", "anthropic", "gemini"])
def test_a_server_that_takes_everything_needs_no_line(
    house: House, emulated: Emulated, protocol: str
) -> None:
    code, said = probed(house, protocol)
    assert code == 0, said
    assert "costs at most 0.0" in said and "the profile says all of it" in said
    assert said.index("costs at most") < said.index("probe online")
    assert "probe batch: taken, answered and read" in said


def test_what_a_server_of_gemini_s_protocol_refuses_becomes_lines_to_write(
    house: House, emulated: Emulated
) -> None:
    rules = {
        "requests": [
            {
                "when": {"parameter": "generationConfig.responseJsonSchema"},
                "outcome": "error",
                "status": 400,
                "message": "Invalid JSON payload received. Unknown name \"responseJsonSchema\" at 'generation_config': Cannot find field.",
            }
        ]
    }
    emulated.scenario(yaml.safe_dump(rules))
    code, said = probed(house, "gemini")
    assert code == 0, said
    assert 'dialect: {answer_format: "json_object"}' in said
    assert "probe list: names our batch, with its metadata" in said


def test_what_a_server_of_openai_s_protocol_refuses_becomes_lines_to_write(
    house: House, emulated: Emulated
) -> None:
    emulated.scenario(refusing("max_completion_tokens", "prompt_cache_key", "response_format.json_schema"))
    code, said = probed(house, "openai")
    assert code == 0, said
    wanted = 'dialect: {answer_limit: "max_tokens", answer_format: "json_object", prompt_cache: false}'
    assert f"write into profile house:\n    {wanted}\n" in said
    assert "probe standard: large-70b takes the same" in said


def test_what_a_server_of_anthropic_s_protocol_refuses_becomes_a_line_to_write(
    house: House, emulated: Emulated
) -> None:
    emulated.scenario(refusing("output_config"))
    code, said = probed(house, "anthropic")
    assert code == 0, said
    assert 'dialect: {answer_format: "prompt"}' in said


@pytest.mark.sampled(every=2)
@pytest.mark.parametrize(
    ("scenario", "line", "says"),
    [
        (
            "calls: [{when: {operation: list_batches}, status: 404, code: unknown_url}]",
            "capabilities: {list: false, vision: true}",
            "batches are not listed",
        ),
        (
            "batches: [{unlisted_seconds: 9999}]",
            "capabilities: {list: false, vision: true}",
            "the list does not name the batch",
        ),
        (
            "calls: [{when: {operation: create_batch}, status: 404, code: unknown_url}]",
            "capabilities: {batch: false, vision: true}",
            "no batch could be made",
        ),
        (
            "calls: [{when: {operation: create_batch, calls: [1]}, status: 400, message: \"Unknown parameter: 'metadata'.\"}]",
            "capabilities: {metadata: false, vision: true}",
            "taken, answered and read",
        ),
    ],
    ids=["no list", "a list that leaves it out", "no batches", "no metadata"],
)
def test_what_a_server_cannot_do_becomes_a_line_to_write(
    house: House, emulated: Emulated, scenario: str, line: str, says: str
) -> None:
    emulated.scenario(scenario)
    _, said = probed(house, "openai")
    assert f"    {line}\n" in said and says in said


def test_a_batch_that_does_not_end_is_cancelled(
    house: House, emulated: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, because it waits on a clock of the test's own."""
    emulated.scenario("batches: [{latency: 9999}]")
    for name, value in house.environment.items():
        monkeypatch.setenv(name, value)
    waited = [0.0]

    def pause(seconds: float) -> None:
        waited[0] += seconds

    cancelled = _calls(emulated, "openai.cancel_batch")
    assembly = Assembly(load_settings(), STEPS)
    try:
        found = list(Probe(assembly, assembly.profile, pause=pause, now=lambda: waited[0]).findings())
    finally:
        assembly.close()
    assert any("cancelled because it did not end within 120 seconds" in f.says for f in found)
    assert _calls(emulated, "openai.cancel_batch") == cancelled + 1
    assert waited[0] <= ENDS_WITHIN + LISTED_WITHIN


def test_a_refused_key_ends_the_probe_at_its_first_call(house: House, emulated: Emulated) -> None:
    emulated.scenario("calls: [{status: 401}]")
    before = _calls(emulated, "openai.chat_completion")
    code, said = probed(house, "openai")
    assert code == 1 and "FAIL probe online: house refused the key" in said
    assert _calls(emulated, "openai.chat_completion") == before + 1
    assert "invented-key" not in said


def test_a_server_without_batches_is_reached_when_its_profile_says_so(
    house: House, emulated: Emulated
) -> None:
    emulated.scenario("calls: [{when: {operation: retrieve_batch}, status: 404, code: unknown_url}]")
    assert "FAIL reachability: 127.0.0.1 knows no such address" in probed(house, "openai")[1]
    said = probed(house, "openai", capabilities="batch: false")[1]
    assert "ok   reachability: house answers, without batches" in said
    assert "not tried: the profile says `batch: false`" in said


def test_without_the_option_nothing_is_asked(house: House, emulated: Emulated) -> None:
    before = _calls(emulated, "openai.chat_completion"), emulated.batches()
    assert "probe" not in house.run("doctor").out
    assert (_calls(emulated, "openai.chat_completion"), emulated.batches()) == before


def test_doctor_names_the_proxy_without_its_password(house: House, emulated: Emulated) -> None:
    """The provider is elsewhere, so the proxy is used: here one that nobody runs."""
    config = house.home.parent / "config"
    config.mkdir(exist_ok=True)
    text = PROFILE.format(protocol="openai", url="http://llm.example.invalid/v1", capabilities="vision: true")
    (config / "providers.yaml").write_text(text)
    done = house.run(
        "doctor",
        LLM_ASSETS_CONFIG=str(config),
        LLM_ASSETS_PROVIDER="house",
        HOUSE_KEY="invented-key",
        HTTP_PROXY="http://desk:pass-word@127.0.0.1:9",
    )
    assert "through the proxy http://127.0.0.1:9" in done.out and "pass-word" not in done.out
