"""The bodies that create a batch."""

from typing import Any

import orjson
import pytest

from resources.providers.anthropic import wire as anthropic_wire
from resources.settings.environment import Settings, load_profile
from tests.support.providers.provider_kit import adapter, spooled


@pytest.mark.parametrize("users", [["one"], ["a\nb", "c\u2028d", "Қайырлы таң"], ["x" * 3_000_000, "y"]])
def test_the_streamed_create_body_holds_exactly_the_spooled_requests(users: list[str], tmp_path: Any) -> None:
    _, spool, ids = spooled(adapter("anthropic", None), tmp_path, users)
    body = anthropic_wire.BatchBody(spool)
    for _ in range(2):
        sent = b"".join(body)
        assert len(sent) == body.length
        requests = orjson.loads(sent)["requests"]
        assert [r["custom_id"] for r in requests] == ids
        assert [r["params"]["messages"][0]["content"] for r in requests] == users


def test_a_batch_as_large_as_the_shipped_profile_allows_fits_into_anthropics_256_mb(tmp_path: Any) -> None:
    _, spool, _ = spooled(adapter("anthropic", None), tmp_path, ["one", "two"])
    around = anthropic_wire.BatchBody(spool).length - spool.stat().st_size
    shipped = load_profile(Settings(provider="anthropic", _env_file=None))
    assert shipped.limits.batch_bytes + around <= 256 * 2**20
