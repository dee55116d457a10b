"""A socket that listens, for every server of the platform."""

import socket

from llm_assets.domain.errors import ConfigurationError


def listen(host: str, port: int) -> socket.socket:
    """Port 0 takes a free one. Raises ConfigurationError for an address that cannot be listened on."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as err:
        raise ConfigurationError(
            f"Cannot listen on {host}:{port}: {err.strerror}; choose another --host or --port."
        ) from err
    listener.listen(1024)
    listener.setblocking(False)
    return listener
