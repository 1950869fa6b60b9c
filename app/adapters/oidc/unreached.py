"""Why a provider could not be asked: unknown host, refused, no route, too slow, certificate."""

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx


def unreached(error: Exception, url: str, timeout_s: float) -> str:
    """One sentence that says what to check. It shows no more of the address than host and path."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if isinstance(error, httpx.HTTPStatusError):
        return f"the sign-in provider answers {error.response.status_code} at {parts.path}"
    if isinstance(error, httpx.TimeoutException):
        return f"{host} does not answer within {timeout_s:.0f} s: see that the provider runs and no firewall is between"
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"the certificate of {host} is not trusted here ({cause.verify_message}): for an authority of your own "
                "set SSL_CERT_FILE to its certificate"
            )
        if isinstance(cause, ssl.SSLError):
            return f"{host} speaks no TLS that is accepted here ({cause.reason or 'broken off'})"
        if isinstance(cause, socket.gaierror):
            return f"there is no host {parts.hostname}: look at the issuer's spelling and this machine's name server"
        if isinstance(cause, ConnectionRefusedError):
            return f"{host} refuses the connection: see that the provider runs, and at this port"
        if isinstance(cause, OSError) and cause.errno is not None:
            return f"{host} cannot be reached ({cause.strerror or type(cause).__name__})"
    return f"{host} cannot be asked ({type(error).__name__})"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
