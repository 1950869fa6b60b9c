"""What the services need from technology, as protocols. Adapters implement them; only `wiring` picks one."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.core.gates import GateResult, OpenCommand
from app.core.records import ChainHead, EmployeeFilter, EventFilter, EventRow, Installation, Receipt
from app.core.site_ports import SiteTransaction
from app.core.types import ApiKey, Candidate, Employee, Face, Gate, Photo, Pixels, Template, Vector


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

    def close(self) -> None:
        """Leaves the hardware as the gate's fail mode demands (secure: locked; safe: released) and disconnects.

        A release in force stays in force: a restart in a fire must lock nobody in.
        """
        ...


# Keeping


class Vault(Protocol):
    """Seals bytes under a subject's key, which is itself wrapped by the master key. Raises CryptoFault.

    context is bound to the sealed bytes (associated data): a photo's ciphertext does not open as a template's.
    """

    def new_key(self) -> bytes: ...
    def seal(self, wrapped_key: bytes, plaintext: bytes, context: str) -> bytes: ...
    def open(self, wrapped_key: bytes, sealed: bytes, context: str) -> bytes: ...


class Signer(Protocol):
    """Ed25519 over bytes; base64 (standard alphabet, padded) text out."""

    def sign(self, message: bytes) -> str: ...
    def verify(self, message: bytes, signature: str) -> bool: ...
    def public_key(self) -> str: ...


class Employees(Protocol):
    def add(self, employee: Employee) -> None:
        """Raises Conflict('number_taken') if the number is in use."""
        ...

    def get(self, employee_id: str, *, hold: bool = False) -> Employee | None: ...  # hold: unchanged until the end
    def by_number(self, number: str) -> Employee | None: ...
    def update(self, employee: Employee) -> None: ...
    def delete(self, employee_id: str) -> None:
        """Removes the row and, by cascade, photos and template; records the change for every gallery."""
        ...

    def find(self, which: EmployeeFilter) -> list[Employee]: ...
    def count(self) -> int: ...


class Photos(Protocol):
    def add(self, photo: Photo) -> None: ...
    def get(self, employee_id: str, photo_id: str) -> Photo | None: ...
    def of(self, employee_id: str) -> list[Photo]:
        """Oldest first."""
        ...

    def delete(self, photo_id: str) -> None: ...


class Templates(Protocol):
    """Templates and the change feed that keeps every process's gallery current.

    put and delete take the next gallery revision under a row lock, so revisions become visible in order.
    """

    def lock(self) -> int:
        """Holds the feed until the transaction ends and returns the current revision: nobody else enrols meanwhile."""
        ...

    def put(self, template: Template) -> None: ...
    def delete(self, employee_id: str) -> None: ...
    def get(self, employee_id: str) -> Template | None: ...
    def revision(self) -> int: ...
    def changed_since(self, revision: int) -> set[str]:
        """Employee ids whose template was put or deleted after `revision`."""
        ...

    def all(self) -> Iterator[tuple[Template, bytes]]:
        """Every template with its wrapped key, in one pass."""
        ...

    def some(self, employee_ids: Iterable[str]) -> list[tuple[Template, bytes]]: ...
    def photo_counts(self) -> dict[int, int]:
        """How many templates are made of how many photos."""
        ...


class SubjectKeys(Protocol):
    """Wrapped data keys: one an employee, one a day for strangers' events.

    In a write, a key that was read stays until the transaction ends: nobody is erased between sealing and commit.
    """

    def add(self, subject_id: str, wrapped: bytes) -> None: ...
    def get(self, subject_id: str) -> bytes | None: ...
    def get_or_add(self, subject_id: str, wrapped: bytes) -> bytes:
        """The stored key, or `wrapped` after storing it; safe when two processes race."""
        ...

    def destroy(self, subject_id: str) -> bool: ...


class Gates(Protocol):
    def add(self, gate: Gate) -> None:
        """Raises Conflict('gate_exists')."""
        ...

    def get(self, gate_id: str) -> Gate | None: ...
    def by_name(self, name: str) -> Gate | None: ...
    def all(self) -> list[Gate]: ...
    def update(self, gate: Gate) -> None: ...


class ApiKeys(Protocol):
    def add(self, key: ApiKey) -> None: ...
    def get(self, key_id: str) -> ApiKey | None: ...
    def by_hash(self, hash_hex: str) -> ApiKey | None: ...
    def all(self) -> list[ApiKey]: ...
    def revoke(self, key_id: str, at: datetime) -> None: ...


class Events(Protocol):
    def lock_head(self, gate_id: str) -> ChainHead:
        """The gate's chain head, held until the transaction ends, so two processes cannot append the same sequence."""
        ...

    def append(self, event: EventRow) -> None:
        """Adds the event and moves the gate's head to it."""
        ...

    def get(self, event_id: str) -> EventRow | None: ...
    def find(self, which: EventFilter) -> list[EventRow]:
        """Newest first by id, without snapshots (`get` has them). since is inclusive, until exclusive."""
        ...

    def heads(self) -> list[ChainHead]: ...
    def chain(self, gate_id: str) -> Iterator[EventRow]:
        """Every event of a gate by sequence, streamed, as stored (whatever its sequence says), with snapshots."""
        ...

    def unlink(self, employee_id: str) -> int:
        """Drops employee_id, subject_id, payload and snapshot of that employee's events; returns how many.

        Waits for events being sealed with the employee's key, so none appears behind it.
        """
        ...

    def remember(self, gate_id: str, idempotency_key: str, digest: str, event_id: str, at: datetime) -> None: ...
    def recall(self, gate_id: str, idempotency_key: str, since: datetime) -> tuple[str, str] | None:
        """The event and the digest of the request that were remembered."""
        ...

    def forget_remembered(self, before: datetime) -> None: ...


class Erasures(Protocol):
    def add(self, receipt: Receipt) -> None: ...
    def get(self, employee_id: str) -> Receipt | None: ...
    def all(self) -> list[Receipt]: ...


class Installations(Protocol):
    def get(self) -> Installation | None: ...
    def put(self, installation: Installation) -> None: ...


class Transaction(SiteTransaction, Protocol):
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


class Store(Protocol):
    """The database. Raises NotRecorded where a write cannot commit within the deadline (locked, full, gone).

    read sees one unmoving state and can change nothing. write: no deadline means 2 s for locks and nothing else.
    """

    def read(self) -> AbstractContextManager[Transaction]: ...
    def write(self, deadline: timedelta | None = None) -> AbstractContextManager[Transaction]: ...


class Journal(Protocol):
    """An append-only file of JSON lines beside the database, flushed to disk before `append` returns."""

    def append(self, entry: dict[str, object]) -> None: ...
    def entries(self) -> Iterator[dict[str, object]]: ...
