"""What the services need from technology, as protocols. Adapters implement them; only `wiring` picks one."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.core.duty_ports import DutyTransaction
from app.core.gates import GateResult, OpenCommand
from app.core.imports import Imports
from app.core.log_ports import LogTransaction
from app.core.move_ports import MoveTransaction
from app.core.record_ports import (
    ApiKeys,
    Employees,
    Erasures,
    Events,
    Gates,
    Installations,
    Photos,
    SubjectKeys,
    Templates,
)
from app.core.site_ports import SiteTransaction
from app.core.types import Box, Candidate, Face, Pixels, Vector
from app.core.user_ports import UserTransaction


class Clock(Protocol):
    """Gives the time, UTC, whole milliseconds (what the log can carry)."""

    def __call__(self) -> datetime: ...


# Seeing


class Decoder(Protocol):
    """Turns untrusted bytes into pixels, bounded before anything is decoded. Raises BadInput or TooLarge."""

    def __call__(self, data: bytes) -> Pixels: ...


class Detector(Protocol):
    """Finds faces. One instance serves one thread at a time."""

    def detect(self, pixels: Pixels, *, smallest_px: float | None = None) -> list[Face]:
        """smallest_px: faces so wide, in frame pixels, must still be found."""
        ...

    def refine(self, pixels: Pixels, face: Face) -> Face:
        """The same face with box and landmarks found again at a finer scale; `face` itself where that fails."""
        ...


class Aligner(Protocol):
    """Warps a face to the embedder's frame: (112, 112, 3) uint8 BGR from frame pixels and (5, 2) landmarks."""

    def __call__(self, pixels: Pixels, landmarks: NDArray[np.float32]) -> Pixels: ...


class Liveness(Protocol):
    """Tells a person from a picture of one. One instance serves one thread at a time."""

    def score(self, pixels: Pixels, box: Box) -> float:
        """0 an attack to 1 live, of the face in the detector's box. Raises ValueError for a box outside the frame."""
        ...


class Cropper(Protocol):
    """What a network is fed that wants another crop than the aligned one: uint8 BGR from frame pixels and a face."""

    def __call__(self, pixels: Pixels, face: Face) -> Pixels: ...


class Embedder(Protocol):
    """Turns aligned crops into unit vectors. One instance serves one thread at a time."""

    def embed(self, crops: Sequence[Pixels], *, flip: bool) -> NDArray[np.float32]:
        """(n, dimension). flip: average each crop's vector with that of its mirror image."""
        ...


class Index(Protocol):
    """Search over unit vectors. `search` may run in any thread while another changes the index."""

    dimension: int

    def search(self, vector: Vector, k: int) -> list[Candidate]: ...
    def rebuild(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None: ...
    def apply(self, changed: dict[str, Vector], removed: Iterable[str]) -> None: ...
    def __len__(self) -> int: ...


# Cameras and gates


class Source(Protocol):
    """A camera, file or folder that gives frames, oldest first. One thread reads it.

    `read` blocks until the next frame and returns it with the time it was captured, or None at the end of a file.
    Raises SourceFailed (its words hold no address and no secret) when it breaks; then it is closed and opened anew.
    """

    def read(self) -> tuple[Pixels, datetime] | None: ...
    def close(self) -> None:
        """Ends a `read` that blocks in another thread, within a second. Safe to call twice."""
        ...


class GateDriver(Protocol):
    """One gate's hardware. Thread-safe. Never raises for what the hardware or network does: that is a result.

    Where the hardware tells its door's state, the driver passes it to the callback it was built with.
    """

    def open(self, command: OpenCommand) -> GateResult:
        """Hands the command over, retrying within its window only; returns at the latest when the window ends."""
        ...

    def release(self, active: bool) -> GateResult:
        """Fire: hold the gate open for everybody (active), or go back to normal."""
        ...

    def healthy(self) -> str | None:
        """None, or what is wrong with the connection now, in words without secrets."""
        ...

    def close(self, *, tell: bool = True) -> None:
        """Leaves the hardware as the gate's fail mode demands (secure: locked; safe: released) and disconnects.

        A release in force stays in force: a restart in a fire must lock nobody in. tell: False where another process
        drives the gate by now; what that one told it is left as it is.
        """
        ...


# Keeping


class Vault(Protocol):
    """Seals bytes under a subject's key, which is itself wrapped by the master key. Raises CryptoFault.

    context is bound to the sealed bytes (associated data): a photo's ciphertext does not open as a template's.
    """

    def new_key(self) -> bytes: ...
    def forget(self, wrapped_key: bytes) -> None:
        """From the return of this call nothing opens what the key sealed, wherever a copy of it lies."""
        ...

    def seal(self, wrapped_key: bytes, plaintext: bytes, context: str) -> bytes: ...
    def open(self, wrapped_key: bytes, sealed: bytes, context: str) -> bytes: ...


class Signer(Protocol):
    """Ed25519 over bytes; base64 (standard alphabet, padded) text out."""

    def sign(self, message: bytes) -> str: ...
    def verify(self, message: bytes, signature: str) -> bool: ...
    def public_key(self) -> str: ...


class Transaction(MoveTransaction, SiteTransaction, DutyTransaction, UserTransaction, LogTransaction, Protocol):
    """One unit of work: what its repositories did commits together when the block ends, or not at all."""

    employees: Employees
    photos: Photos
    templates: Templates
    subject_keys: SubjectKeys
    gates: Gates
    api_keys: ApiKeys
    events: Events
    erasures: Erasures
    installation: Installations
    imports: Imports


class Store(Protocol):
    """The database. Raises NotRecorded where a write cannot commit within the deadline (locked, full, gone), and its
    kind Unconfirmed where it may have been committed all the same: nobody may act on it.

    read sees one unmoving state and can change nothing. write: no deadline means 2 s for locks and nothing else.
    """

    def read(self) -> AbstractContextManager[Transaction]: ...
    def write(self, deadline: timedelta | None = None) -> AbstractContextManager[Transaction]: ...
    def alone(self, what: str) -> AbstractContextManager[bool]:
        """Whether this work is the block's: of all processes on the database one gets True, also after a kill."""
        ...


class Journal(Protocol):
    """An append-only file of JSON lines beside the database, flushed to disk before `append` returns."""

    def append(self, entry: dict[str, object]) -> None: ...
    def entries(self, damaged: list[str] | None = None) -> Iterator[dict[str, object]]:
        """Raises CryptoFault at a damaged line; with a list, names it there and goes on."""
        ...
