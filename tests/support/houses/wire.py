"""What lies between desk and mail server: a relay that cuts, keeps silent or notes what is said, as the test decides."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self


class Wire:
    """Relays whole commands. `on_command` sees each line a client sends and answers what becomes of the connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.said: list[bytes] = []
        """Command lines of all clients, without their tags."""
        self.connections = 0
        self.cut_at: Callable[[bytes], bool] = lambda command: False
        """The connection ends instead of the command being passed on."""
        self.silent_at: Callable[[bytes], bool] = lambda command: False
        """The command is never answered."""
        self.cut_after_bytes: int | None = None
        """The next connection ends after so many bytes from the server; once."""
        self.refuse_at: Callable[[bytes], str | None] = lambda command: None
        """Answers the command in the server's place, e.g. `NO [SERVERBUG] later`."""
        self.change: Callable[[bytes], bytes] = lambda data: data
        """What the server says, as it reaches the client."""
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for connection in self._open:
            _end(connection)

    def count(self, word: bytes) -> int:
        return sum(word in line for line in self.said)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                server = socket.create_connection(("127.0.0.1", self._port))
                self._open += [client, server]
                limit, self.cut_after_bytes = self.cut_after_bytes, None
                threading.Thread(target=self._back, args=(server, client, limit), daemon=True).start()
                threading.Thread(target=self._forth, args=(client, server), daemon=True).start()

    def _forth(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), client.makefile("rb") as lines:
            for line in lines:
                tag, _, command = line.strip().partition(b" ")
                self.said.append(command)
                if self.cut_at(command):
                    break
                if self.silent_at(command):
                    continue
                answer = self.refuse_at(command)
                if answer is not None:
                    client.sendall(tag + b" " + answer.encode() + b"\r\n")
                    continue
                server.sendall(line)
        _end(client)
        _end(server)

    def _back(self, server: socket.socket, client: socket.socket, limit: int | None) -> None:
        passed = 0
        with suppress(OSError):
            while data := server.recv(4096):
                if limit is not None and passed + len(data) >= limit:
                    client.sendall(data[: limit - passed])
                    break
                client.sendall(self.change(data))
                passed += len(data)
        _end(client)
        _end(server)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
