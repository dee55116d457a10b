"""Receive: take in what the sources hold, once; read the day's messages and place them in cases."""

import structlog

log = structlog.get_logger()
