"""Judges photos of one person: whether each is good enough, and whether all show the same person.

An import refuses the same photos as a single upload, because both ask here.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from app.core.errors import BadInput, Refusal, TooLarge
from app.core.recognition.evidence import unit
from app.core.types import FrameResult, Sample, Vector

ADVICE = {
    "no_face": "No face was found; send a photo of the face from the front.",
    "several_faces": "Several faces are in view; send a photo of one person.",
    "face_too_small": "The face is too small; go closer or send a larger photo.",
    "blurred": "The photo is blurred; hold still and focus.",
    "too_dark": "The face is too dark; add light from the front.",
    "too_bright": "The face is too bright; avoid direct light.",
    "turned_away": "The face is turned away; look at the camera.",
    "cut_off": "The face is cut off; bring all of it into the picture.",
    "duplicate_photo": "This picture is there already; send another one, taken in different light or on another day.",
    "not_same_person": "This photo shows a different person than the others; send photos of one person.",
}


@dataclass(frozen=True)
class PhotoResult:
    """What became of one photo. id is set if it was accepted; detail says what to do if not.

    other: the id of the employee as whom this person is enrolled already, if that is the problem.
    """

    accepted: bool
    problems: tuple[str, ...] = ()
    quality: float = 0.0
    id: str | None = None
    detail: str | None = None
    other: str | None = None


@dataclass(frozen=True, eq=False)
class Judged:
    """One photo and what it shows.

    seen: set if it is good enough to be compared. unread: why it is not a picture. sha256: of the data.
    """

    data: bytes
    result: PhotoResult
    sha256: bytes
    seen: Sample | None = None
    unread: Refusal | None = None


@dataclass(frozen=True)
class KnownPictures:
    """The pictures of one employee, each of which counts once.

    More pictures lower the threshold, because each shows the person anew; the same one again does not.
    digest: makes of a picture's SHA-256 what is kept beside a photo. digests: of those that are there.
    """

    digest: Callable[[bytes], bytes] = bytes
    digests: set[bytes] = field(default_factory=set)

    def take(self, sha256: bytes) -> bool:
        """Whether the picture is new; it is known from now on."""
        digest = self.digest(sha256)
        is_new = digest not in self.digests
        self.digests.add(digest)
        return is_new


@dataclass(frozen=True, eq=False)
class AssessedPhotos:
    """The results of all photos, none accepted yet; the positions of those that agree, and their template."""

    results: list[PhotoResult]
    agreed: list[int]
    template: Vector | None
    photos: int


def judge(look: Callable[[bytes], FrameResult], photo: bytes, readable: Callable[[bytes], bytes]) -> Judged:
    """Looks at one photo, as `readable` makes it. Raises only errors that are not about the photo, such as Busy."""
    try:
        photo = readable(photo)
        found = look(photo)
    except (BadInput, TooLarge) as refused:
        return Judged(photo, PhotoResult(False, (refused.code,), detail=refused.detail), sha256(photo), unread=refused)
    if found.subject is None:
        problems = tuple(found.problems) or (str(found.reason),)
        return Judged(photo, PhotoResult(False, problems, detail=ADVICE.get(problems[0])), sha256(photo))
    result = PhotoResult(False, quality=round(found.subject.quality.score, 3))
    return Judged(photo, result, sha256(photo), found.subject)


def without_repeats(judged: Sequence[Judged], known: KnownPictures) -> list[Judged]:
    """Refuses good pictures that were sent twice or are kept already."""
    return [
        one
        if one.seen is None or known.take(one.sha256)
        else Judged(one.data, refused(one.result, "duplicate_photo"), one.sha256)
        for one in judged
    ]


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def assess(known: Sequence[Vector], judged: Sequence[Judged], same_person: float) -> AssessedPhotos:
    """Finds the photos that show the person of the known ones, and the template of all; none if no photo agrees."""
    results = [one.result for one in judged]
    seen = {i: one.seen.embedding for i, one in enumerate(judged) if one.seen is not None}
    agreed = _agreeing(known, seen, same_person) if seen else set()
    for i in seen.keys() - agreed:
        results[i] = refused(results[i], "not_same_person")
    if not agreed:
        return AssessedPhotos(results, [], None, 0)
    vectors = [*known, *(seen[i] for i in sorted(agreed))]
    return AssessedPhotos(results, sorted(agreed), unit(np.mean(vectors, axis=0)), len(vectors))


def refused(result: PhotoResult, problem: str, detail: str | None = None, other: str | None = None) -> PhotoResult:
    return replace(result, problems=(problem,), detail=detail or ADVICE.get(problem), other=other)


def _agreeing(known: Sequence[Vector], new: dict[int, Vector], same_person: float) -> set[int]:
    """The new photos that show the person of the known ones or, without any, the person that most of them show.

    A tie (two photos, two people) gives nobody: there is no telling which of them is meant.
    """
    if known:
        template = unit(np.mean(known, axis=0))
        return {i for i, vector in new.items() if float(template @ vector) >= same_person}
    groups = [
        {j for j, other in new.items() if float(vector @ other) >= same_person} | {i} for i, vector in new.items()
    ]
    largest = max(groups, key=len)
    return largest if 2 * len(largest) > len(new) else set()
