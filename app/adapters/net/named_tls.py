"""TLS to an address that was checked, with a certificate for the name that it was resolved from."""

import socket
import ssl
from typing import Any


class NamedContext:
    """A TLS context for a connection to a checked address. The certificate must be for the name."""

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self._context = context
        self._name = name
        self.check_hostname = True
        self._made: ssl.SSLSocket | None = None

    def wrap_socket(self, plain: socket.socket, **options: Any) -> ssl.SSLSocket:
        self._made = self._context.wrap_socket(plain, **(options | {"server_hostname": self._name}))
        return self._made

    def close(self) -> None:
        """Closes the last socket: paho-mqtt leaves it open when its handshake fails."""
        if self._made is not None:
            self._made.close()
