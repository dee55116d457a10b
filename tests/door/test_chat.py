"""The door as OpenAI's API: the official SDK, unchanged, over loopback."""

import json
import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.request import Request, urlopen

import openai
import pytest
import uvicorn

from llm_assets.emulator.process.launch import RunningEmulator, start
from llm_assets.steps import STEPS
from llm_assets.usecases.answers.door import Door
from llm_assets.usecases.answers.keys import Wanted, add_key
from llm_assets.usecases.answers.readers import Readers
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk
from llm_assets.web.answers.app import Application
from llm_assets.web.answers.chat import Chat, Chunks
from llm_assets.web.listening import listen
from tests.support.houses.small_desk import settings

CASE = "Hello, call me on +7 701 555 01 23: when will my new card arrive? I ordered it two weeks ago."


class Served:
    """A door in a thread of this process, and the emulator behind it."""

    def __init__(self, assembly: Assembly, emulator: RunningEmulator, url: str) -> None:
        self.assembly = assembly
        self.emulator = emulator
        self.url = url

    def client(
        self, name: str, *, steps: tuple[str, ...] = ("categories", "drafts"), **limits: Any
    ) -> openai.OpenAI:
        key = add_key(self.assembly, Wanted(name, steps, **limits), "tests")
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0)

    def ledger(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.assembly.settings.home / "ledger.db", timeout=10)) as connection:
            rows = connection.execute(statement).fetchall()
            connection.commit()
        return rows

    def play(self, **scenario: Any) -> None:
        data = json.dumps(scenario).encode()
        with urlopen(Request(f"{self.emulator.url}/_emulator/scenario", data)) as answer:
            assert answer.status == 200

    def closed_streams(self) -> int:
        with urlopen(f"{self.emulator.url}/_emulator/stats") as answer:
            return int(json.load(answer)["calls"].get("streams_closed", 0))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, readers: Readers) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("chat")
    emulator = start(folder / "emulator", latency=0.0)
    with Desk(settings(folder, emulator), STEPS).open() as assembly:
        listener = listen("127.0.0.1", 0)
        app = Application(Door(assembly, readers), client_seconds=15)
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield Served(assembly, emulator, f"http://127.0.0.1:{listener.getsockname()[1]}")
        server.should_exit = True
        thread.join()
    emulator.stop()


@pytest.fixture(scope="module")
def client(served: Served) -> openai.OpenAI:
    return served.client("chats", queues=("bank-support",))


def said(text: str) -> list[Any]:
    return [
        {"role": "system", "content": "ignored"},
        {"role": "user", "content": "ignored too"},
        {"role": "assistant", "content": "and this"},
        {"role": "user", "content": [{"type": "text", "text": text}]},
    ]


def test_the_models_are_the_steps_that_the_key_allows(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["step/categories", "step/drafts"]
    assert client.models.retrieve("step/drafts").owned_by == "llm-assets"
    for name in ("step/extracted_fields", "gpt-6"):
        with pytest.raises(openai.NotFoundError) as unknown:
            client.models.retrieve(name)
        assert unknown.value.code == "model_not_found"


def test_a_chat_is_a_step_and_its_other_parameters_mean_nothing(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="step/categories",
        messages=said(CASE),
        temperature=0.7,
        response_format={"type": "json_object"},
        tools=[{"type": "function", "function": {"name": "none"}}],
        n=1,
        user="somebody",
        stream=False,
    )
    found = raw.parse()
    assert raw.headers["x-request-id"]
    content = json.loads(found.choices[0].message.content or "")
    assert content["category"] == found.to_dict()["answer"]["output"]["category"]  # type: ignore[index]
    assert found.choices[0].finish_reason == "stop"
    assert found.usage is not None
    assert found.usage.total_tokens > 0
    again = client.chat.completions.create(model="step/categories", messages=said(CASE))
    assert again.choices[0].message.content == found.choices[0].message.content
    assert again.usage is not None
    assert again.usage.total_tokens == 0, "answered before"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["gpt-6", "step/none", "drafts"])
def test_an_unknown_model_is_not_found(client: openai.OpenAI, model: str, stream: bool) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model=model, messages=said(CASE), stream=stream)
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    assert "step/drafts" in str(unknown.value)


def test_who_asks_too_often_is_told_when_to_come_back(served: Served) -> None:
    hasty = served.client("hasty", requests_per_minute=60)
    hasty.chat.completions.create(model="step/categories", messages=said(CASE))
    served.ledger("UPDATE callers SET requests_left = 0.3 WHERE name = 'hasty'")
    with pytest.raises(openai.RateLimitError) as limited:
        hasty.chat.completions.create(model="step/categories", messages=said(CASE), stream=True)
    assert 0 < int(limited.value.response.headers["retry-after-ms"]) <= 700
    found = hasty.with_options(max_retries=2).chat.completions.create(
        model="step/categories", messages=said(CASE)
    )
    assert found.choices[0].message.content


def heard(stream: Any) -> tuple[list[str], dict[str, Any]]:
    """The pieces of a stream, and its last chunk."""
    chunks = [chunk.to_dict() for chunk in stream]
    texts = [c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"]]
    assert texts[0] == ""
    return texts[1:], chunks[-1]


def test_the_first_words_of_a_draft_come_while_the_rest_is_written(
    served: Served, client: openai.OpenAI
) -> None:
    served.play(streams={"characters": 16, "pause_seconds": 0.03})
    with client.chat.completions.create(model="step/drafts", messages=said(CASE), stream=True) as stream:
        events = iter(stream)
        first = [next(events).to_dict() for _ in range(3)]
        [(left,)] = served.ledger("SELECT count(*) FROM kept_answers WHERE state = 'admitted'")
        chunks = [*first, *(chunk.to_dict() for chunk in events)]
    assert left == 1, "it was under way when its third chunk came"
    texts = [c["choices"][0]["delta"].get("content") or "" for c in chunks]  # type: ignore[index]
    answer: Any = chunks[-1]["answer"]
    assert "".join(texts) == answer["output"]["body"]
    assert len(texts) > 8
    assert "+7 701 555 01 23" in answer["output"]["body"], "the model saw a mask"
    assert not any("PHONE" in piece for piece in texts)
    assert (answer["status"], answer["output"]["defects"]) == ("review", ["unknown_link"])
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"  # type: ignore[index]
    served.play()
    pieces, last = heard(
        client.chat.completions.create(model="step/drafts", messages=said(CASE), stream=True)
    )
    assert "".join(pieces) == answer["output"]["body"]
    assert last["answer"]["reused"] is True
    whole = client.chat.completions.create(model="step/drafts", messages=said(CASE))
    assert whole.choices[0].message.content == answer["output"]["body"]


def test_usage_comes_where_it_is_asked_for_and_other_steps_stream_at_the_end(client: openai.OpenAI) -> None:
    asked: Any = {"model": "step/categories", "messages": said("Why is my account blocked?"), "stream": True}
    pieces, last = heard(client.chat.completions.create(**asked, stream_options={"include_usage": True}))
    [content] = [piece for piece in pieces if piece]
    assert json.loads(content) == last["answer"]["output"]
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] > 0
    _, plain = heard(client.chat.completions.create(**asked))
    assert plain["choices"][0]["finish_reason"] == "stop"
    assert "usage" not in plain


def test_the_sdks_own_accumulator_reads_a_stream(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="step/drafts", messages=said(CASE)) as stream:
        content = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion()
    assert final.choices[0].message.content == "".join(content) != ""


def test_a_caller_that_hangs_up_ends_the_call_and_what_it_took_is_booked(
    served: Served, client: openai.OpenAI
) -> None:
    served.play(streams={"characters": 4, "pause_seconds": 0.05})
    before = served.closed_streams()
    case = "Hello, when will my new card arrive? I ordered it on the first of May."
    with client.chat.completions.create(model="step/drafts", messages=said(case), stream=True) as stream:
        next(chunk for chunk in stream if chunk.choices[0].delta.content)
    booked = "SELECT estimated, output_tokens, cost_pico_usd FROM attempts WHERE outcome = 'cancelled'"
    rows: Any = []
    while not rows:
        rows = served.ledger(booked)
    [(estimated, written, cost)] = rows
    assert estimated
    assert 0 < written < 30
    assert cost > 0
    while served.closed_streams() == before:
        pass
    served.play()
    found = client.chat.completions.create(model="step/drafts", messages=said(case))
    assert found.choices[0].message.content, "the request is asked again"


def test_a_provider_that_breaks_off_ends_the_stream_with_an_error(
    served: Served, client: openai.OpenAI
) -> None:
    served.play(streams={"characters": 4, "break_after": 30})
    case = "Hello, when will my new card arrive? I ordered it on the first of June."
    with pytest.raises(openai.APIError) as broken:
        list(client.chat.completions.create(model="step/drafts", messages=said(case), stream=True))
    served.play()
    assert "send the same again" in broken.value.message
    assert "127.0.0.1" not in broken.value.message


def test_a_refusal_before_the_first_word_keeps_its_status(served: Served, client: openai.OpenAI) -> None:
    served.play(calls=[{"when": {"operation": "chat_completion"}, "status": 503}])
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(model="step/categories", messages=said("Where is it?"), stream=True)
    served.play()
    assert refused.value.status_code in (429, 503)
    assert refused.value.response.headers["retry-after-ms"]


def test_a_second_try_goes_on_where_the_first_broke_off(served: Served, client: openai.OpenAI) -> None:
    half = {"when": {"keyword": "<reply_guidance>", "tries": [1]}, "outcome": "cut"}
    served.play(requests=[half], streams={"characters": 4})
    asked: Any = {
        "model": "step/drafts",
        "messages": said("Hello, when will my new card arrive? It is July."),
    }
    pieces, last = heard(client.chat.completions.create(**asked, stream=True))
    served.play()
    answer = last["answer"]
    assert answer["usage"]["output_tokens"] > 0
    assert "".join(pieces) == answer["output"]["body"]
    assert len(pieces[-2]) > 20 > len(pieces[3]), "the second try is not read while it is written"
    assert "replaced" not in answer


def test_a_text_that_another_one_replaced_says_so() -> None:
    chat = Chat(model="step/drafts", messages=said(CASE))
    usage = {"input_tokens": 1, "output_tokens": 1, "cached_tokens": 0}
    found = {"output": {"body": "Another."}, "usage": usage}
    [end] = Chunks(chat, "ans_1").last(found, replaced=True)
    assert end["answer"] == {**found, "replaced": True}
    assert end["choices"][0]["finish_reason"] == "stop"


def test_what_a_hung_up_caller_took_is_on_its_bill(served: Served) -> None:
    caller = served.client("leaves", queues=("bank-support",))
    served.play(streams={"characters": 4, "pause_seconds": 0.05})
    case = "Hello, when will my new card arrive? I ordered it on the first of August."
    with caller.chat.completions.create(model="step/drafts", messages=said(case), stream=True) as stream:
        next(chunk for chunk in stream if chunk.choices[0].delta.content)
    billed = (
        "SELECT k.cost_pico_usd, k.reserved_pico_usd FROM kept_answers k JOIN callers USING (key_id) "
        "WHERE name = 'leaves' AND state = 'failed'"
    )
    rows: Any = []
    while not rows:
        rows = served.ledger(billed)
    served.play()
    [(cost, reserved)] = rows
    paid = "SELECT sum(cost_pico_usd) FROM attempts WHERE step = 'drafts' AND outcome = 'cancelled'"
    assert cost > served.ledger(paid)[0][0] // 2 > 0, "the steps that a draft reads were paid too"
    assert reserved == 0


IN_JAVASCRIPT = """
const OpenAI = require("openai");
(async () => {
  const desk = new OpenAI({ baseURL: process.argv[1], apiKey: process.argv[2], maxRetries: 0 });
  const models = (await desk.models.list()).data.map((model) => model.id);
  const messages = [{ role: "user", content: process.argv[3] }];
  const said = await desk.chat.completions.create({ model: "step/categories", messages });
  let words = "", answer;
  for await (const chunk of await desk.chat.completions.create({ model: "step/drafts", messages, stream: true })) {
    words += chunk.choices[0]?.delta?.content ?? "";
    answer = chunk.answer ?? answer;
  }
  const refused = await desk.chat.completions.create({ model: "gpt-6", messages }).catch((err) => err);
  console.log(JSON.stringify({ models, said: JSON.parse(said.choices[0].message.content), words, answer, code: refused.code }));
})();
"""


def _javascript_sdk() -> dict[str, str] | None:
    """The environment in which node finds the npm package `openai`; None without node or the package."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    root = subprocess.run([npm, "root", "-g"], capture_output=True, text=True, check=False).stdout.strip()
    paths = os.pathsep.join(filter(None, (root, os.environ.get("NODE_PATH", ""))))
    environment = {**os.environ, "NODE_PATH": paths}
    found = subprocess.run(
        [node, "-e", "require('openai')"], env=environment, capture_output=True, check=False
    )
    return environment if found.returncode == 0 else None


def test_the_sdk_for_javascript_works_unchanged(served: Served) -> None:
    environment = _javascript_sdk()
    if environment is None:
        pytest.skip("needs node and the npm package openai: npm install -g openai")
    key = served.client("in-javascript", queues=("bank-support",)).api_key
    words = ["node", "-e", IN_JAVASCRIPT, f"{served.url}/v1", key, CASE]
    ran = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["models"] == ["step/categories", "step/drafts"]
    assert found["said"]["category"] and found["code"] == "model_not_found"
    assert found["words"] and found["words"].replace("[?]", "") == found["answer"]["output"]["body"]
