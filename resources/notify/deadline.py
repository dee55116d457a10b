"""A connection that ends after a while, however slowly the other side speaks: the timeout of a socket begins anew with each byte."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer

ALTOGETHER = 25.0
"""Seconds for one delivery: a sensor's tick ends after 60, and begins none after 30."""


@contextmanager
def cut_off(watched: list[socket.socket]) -> Iterator[None]:
    """The connections in the list are ended when the time is over; whoever reads from them then sees their end."""
    timer = Timer(ALTOGETHER, _end, [watched])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        for connection in watched:
            connection.close()


def also(connection: socket.socket) -> socket.socket:
    """The same connection under a number of its own, because TLS takes the first one over."""
    return socket.socket(fileno=os.dup(connection.fileno()))


def _end(watched: list[socket.socket]) -> None:
    for connection in watched:
        with suppress(OSError):  # it has ended by itself
            connection.shutdown(socket.SHUT_RDWR)
