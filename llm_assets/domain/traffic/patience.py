"""How long whoever asks waits for an answer. What that means for the route is in lanes.yaml."""

from enum import StrEnum


class Patience(StrEnum):
    """How long a caller or queue waits for an answer."""

    UNDER_5S = "under_5s"
    UNDER_60S = "under_60s"
    UNDER_1H = "under_1h"
    OVERNIGHT = "overnight"
