"""One connection to a camera: it goes to the checked address, has a time limit, and any thread can break it off.

FFmpeg would resolve the name again after our check, trust every certificate, and could not be interrupted while it
connects. So it reads bytes from here instead.
"""

import hashlib
import hmac
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable

from app.adapters.cameras.address import CameraAddress
from app.core.cameras.faults import SourceFault
from app.core.errors import BadInput, SourceFailed

Pin = Callable[[], str]  # returns the checked numeric address; raises BadInput or OSError

CONNECT_S = 4.0
SLICE_S = 0.1  # how often a wait checks whether it should end
# A 24-megapixel JPEG of the best quality is about 20 MB.
MAX_BYTES_A_PICTURE = 64_000_000


class Link:
    """A TCP or TLS connection. One thread uses it; `abort` may be called from any.

    The allowance is how many bytes may still come before the next whole picture. `fed` resets it.
    """

    def __init__(self, address: CameraAddress, pin: Pin, tls: ssl.SSLContext | None = None) -> None:
        self._address = address
        self._pin = pin
        self._tls = tls
        self._socket: socket.socket | None = None
        self._aborted = threading.Event()
        self._lock = threading.Lock()
        self._allowance = MAX_BYTES_A_PICTURE

    @property
    def aborted(self) -> bool:
        return self._aborted.is_set()

    def connect(self, by: float | None = None) -> socket.socket:
        """Takes 4 s at most, and ends at `by` (monotonic seconds) if that comes first. Raises SourceFailed."""
        deadline = min(time.monotonic() + CONNECT_S, float("inf") if by is None else by)
        words: str = ""
        try:
            numeric = self._pin()
        except BadInput as refused:
            words = refused.detail
        except OSError:
            words = SourceFault.UNKNOWN_HOST
        if words:
            raise SourceFailed(words)
        family = socket.AF_INET6 if ":" in numeric else socket.AF_INET
        plain = socket.socket(family, socket.SOCK_STREAM)
        with self._lock:
            self._socket = plain
        try:
            self._dial(plain, (numeric, self._address.port), deadline)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(max(deadline - time.monotonic(), SLICE_S))
            ready = self._encrypt(plain) if self._address.encrypted else plain
        except SourceFailed:
            self.close()
            raise
        with self._lock:
            self._socket = ready
        if self.aborted:  # since the last check
            self.abort()
        return ready

    def _dial(self, plain: socket.socket, where: tuple[str, int], deadline: float) -> None:
        plain.setblocking(False)
        plain.connect_ex(where)
        while not self.aborted and time.monotonic() < deadline:
            if select.select([], [plain], [], SLICE_S)[1]:
                break
        else:
            raise SourceFailed("closed" if self.aborted else SourceFault.NO_ANSWER)
        if plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise SourceFailed(SourceFault.UNREACHABLE)

    def _encrypt(self, plain: socket.socket) -> socket.socket:
        context = self._tls or ssl.create_default_context()
        wanted = self._address.fingerprint
        if (
            wanted is not None
        ):  # the camera's own certificate: its digest identifies it, its name and issuer do not matter
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        words: str = ""
        try:
            ready = context.wrap_socket(plain, server_hostname=self._address.host)
        except ssl.SSLCertVerificationError:
            words = SourceFault.NOT_TRUSTED
        except (OSError, ValueError):
            words = SourceFault.NOT_ENCRYPTED
        if words:
            raise SourceFailed(words)
        if wanted is not None:
            found = hashlib.sha256(ready.getpeercert(binary_form=True) or b"").hexdigest()
            if not hmac.compare_digest(found, wanted):
                ready.close()
                raise SourceFailed(SourceFault.OTHER_CERTIFICATE)
        return ready

    def took(self, count: int) -> None:
        """Counts received bytes. Raises SourceFailed for a flood without a picture in it."""
        self._allowance -= count
        if self._allowance < 0:
            raise SourceFailed(SourceFault.FLOOD)

    def fed(self) -> None:
        """A whole picture was decoded: the allowance is full again."""
        self._allowance = MAX_BYTES_A_PICTURE

    def rest(self, seconds: float) -> None:
        """Waits, but no longer than until `abort`."""
        self._aborted.wait(seconds)

    def abort(self) -> None:
        """Ends every wait on the connection. Any thread may call it, any number of times."""
        self._aborted.set()
        with self._lock:
            if self._socket is not None:
                try:
                    # Not SSLSocket's own shutdown: it would drop the TLS state while another thread reads.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                except OSError:
                    return  # not connected, or no longer

    def close(self) -> None:
        """Called by the thread that uses the link, once it has stopped."""
        self.abort()
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None
