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

    def wrap_socket(self, plain: socket.socket, **options: Any) -> ssl.SSLSocket:
        return self._context.wrap_socket(plain, **(options | {"server_hostname": self._name}))
