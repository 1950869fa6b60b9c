"""What each of several photos is worth for one person: whether it is good enough, and whether all show that person.

Judged in one place, so that a photo that is refused when it is sent alone is refused in an import, too.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

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
    "not_same_person": "This photo shows somebody else than the others; send photos of one person.",
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
    """One photo and what it shows. seen: set if it is good enough to be compared. unread: why it is no picture."""

    data: bytes
    result: PhotoResult
    seen: Sample | None = None
    unread: Refusal | None = None


@dataclass(frozen=True, eq=False)
class Weighed:
    """Results of all photos, none accepted yet; the agreed ones (by position), and the template they make."""

    results: list[PhotoResult]
    agreed: list[int]
    template: Vector | None
    photos: int


def judge(look: Callable[[bytes], FrameResult], photo: bytes, readable: Callable[[bytes], bytes]) -> Judged:
    """Looks at one photo, as `readable` makes it. Raises only what says nothing of the photo, such as Busy."""
    try:
        photo = readable(photo)
        found = look(photo)
    except (BadInput, TooLarge) as refused:
        return Judged(photo, PhotoResult(False, (refused.code,), detail=refused.detail), unread=refused)
    if found.subject is None:
        problems = tuple(found.problems) or (str(found.reason),)
        return Judged(photo, PhotoResult(False, problems, detail=ADVICE.get(problems[0])))
    return Judged(photo, PhotoResult(False, quality=round(found.subject.quality.score, 3)), found.subject)


def without_repeats(judged: Sequence[Judged], kept: Iterable[bytes]) -> list[Judged]:
    """Refuses pictures that were sent twice or are kept already. kept: SHA-256 of those.

    More pictures lower the threshold, because each shows the person anew; the same one again does not.
    """
    there, found = set(kept), []
    for one in judged:
        digest = hashlib.sha256(one.data).digest()
        if one.seen is not None and digest in there:
            found.append(Judged(one.data, refused(one.result, "duplicate_photo")))
            continue
        there.add(digest)
        found.append(one)
    return found


def seen_before(digests: set[bytes], data: bytes) -> bool:
    """Whether the SHA-256 of the data is among the digests already; it is from now on."""
    digest = hashlib.sha256(data).digest()
    known = digest in digests
    digests.add(digest)
    return known


def weigh(known: Sequence[Vector], judged: Sequence[Judged], same_person: float) -> Weighed:
    """Which photos show the person of the known ones, and the template of all of them; none if no photo agrees."""
    results = [one.result for one in judged]
    seen = {i: one.seen.embedding for i, one in enumerate(judged) if one.seen is not None}
    agreed = _agreeing(known, seen, same_person) if seen else set()
    for i in seen.keys() - agreed:
        results[i] = refused(results[i], "not_same_person")
    if not agreed:
        return Weighed(results, [], None, 0)
    vectors = [*known, *(seen[i] for i in sorted(agreed))]
    return Weighed(results, sorted(agreed), unit(np.mean(vectors, axis=0)), len(vectors))


def refused(result: PhotoResult, problem: str, detail: str | None = None, other: str | None = None) -> PhotoResult:
    return replace(result, problems=(problem,), detail=detail or ADVICE.get(problem), other=other)


def _agreeing(known: Sequence[Vector], new: dict[int, Vector], same_person: float) -> set[int]:
    """Which new photos show the person of the known ones; without any, the person most of the new ones show.

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
