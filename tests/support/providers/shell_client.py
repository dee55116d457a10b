"""A client under test in a process of its own: the small one, told by its environment where to call. Keeps no state."""

import os
import sys

from tests.support.providers.small_client import SmallClient

client = SmallClient(os.environ["OPENAI_BASE_URL"].removesuffix("/v1"))
requests = int(os.environ["CONFORMANCE_REQUESTS"])
client.work(requests)
sys.exit(0 if len(client.done) == requests else 1)
