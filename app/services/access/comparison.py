"""Compares pictures without a gate, for admins: no event, nothing stored."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.errors import BadInput
from app.core.ports.store import Store
from app.core.types import Employee, FrameResult, Vector
from app.services.access.decision_request import Threshold
from app.services.access.rules.current_rules import CurrentRules
from app.services.people.gallery import Gallery

RANKS = 5


@dataclass(frozen=True)
class Verification:
    """Whether two pictures show the same person. similarity: cosine. probability: calibrated, that they do."""

    same: bool
    similarity: float
    threshold: float
    probability: float


@dataclass(frozen=True)
class Match:
    employee: Employee
    similarity: float
    threshold: float


@dataclass(frozen=True)
class Comparison:
    """Compares pictures with each other and with the gallery.

    Attributes:
        look: what a picture shows.
        rules: say which share of the started rate the site has set.
        threshold: as a gate applies it.
        same_person: the similarity from which `verify` says yes.
        probability: the calibrated probability that two pictures of a similarity show one person.
    """

    store: Store
    look: Callable[[bytes], FrameResult]
    gallery: Gallery
    rules: CurrentRules
    threshold: Threshold
    same_person: float
    probability: Callable[[float], float]

    def verify(self, a: bytes, b: bytes) -> Verification:
        """Compares two pictures. Raises BadInput, which names the picture that cannot be used."""
        similarity = float(self._vector(a, "a") @ self._vector(b, "b"))
        same = similarity >= self.same_person
        return Verification(same, similarity, self.same_person, self.probability(similarity))

    def identify(self, image: bytes) -> list[Match]:
        """Returns the nearest employees, best first, each with the threshold that a gate would apply."""
        vector = self._vector(image, "image")
        with self.store.read() as tx:
            self.gallery.refresh(tx)
            candidates = self.gallery.search(vector, RANKS)
            people = tx.employees.some(one.employee_id for one in candidates)
            share = self.rules.at(tx).rate_share
        return [
            Match(employee, one.similarity, self.threshold(len(self.gallery), employee.photos, 1, share))
            for one in candidates
            if (employee := people.get(one.employee_id)) is not None and employee.photos
        ]

    def _vector(self, data: bytes, which: str) -> Vector:
        look = self.look(data)
        if look.subject is None:
            raise BadInput(str(look.reason), f"No face can be compared in `{which}`: {look.reason}.")
        return look.subject.embedding
