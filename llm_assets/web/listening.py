"""A socket that listens and a server that ends in an orderly way, for every endpoint of the platform."""

import signal
import socket
from contextlib import AbstractContextManager, nullcontext

import uvicorn

from llm_assets.domain.errors import ConfigurationError


class Server(uvicorn.Server):
    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """SIGTERM is this process's ordinary end: exit code 0, not death by signal."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)
        return nullcontext()


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
