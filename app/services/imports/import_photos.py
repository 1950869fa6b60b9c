"""Finds the photos of an import's rows, and reports the files that no row uses."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from app.core.errors import BadInput, TooLarge
from app.core.imports.people_file import PeopleFile, Row
from app.core.imports.photo_names import Matched, clean, first_of, without_zeros
from app.core.imports.reports import PhotoSource, RowProblem
from app.services.people.photo_judgement import Judged, assess


def chosen(row: Row, matched: Matched) -> tuple[list[str], list[RowProblem]]:
    """The photos of a row, and a problem for each that it names and that is missing."""
    if row.photos is None:
        return list(matched.of.get(clean(row.number), ())), []
    names: list[str] = []
    problems: list[RowProblem] = []
    for wanted in row.photos:
        found = matched.named(wanted)
        if found is None:
            problems.append(RowProblem("missing_photo", "There is no such photo, or several.", photo=wanted[:200]))
        elif found not in names:
            names.append(found)
    return names, problems


def refused_picture(judged: Sequence[Judged], same_person: float, shrink: Callable[[bytes], bytes]) -> bytes | None:
    """Returns the first of a person's photos, small, if none of them makes the person recognisable; else None."""
    if not judged or assess([], judged, same_person).agreed:
        return None
    for one in judged:
        with suppress(BadInput, TooLarge):  # it is no picture
            return shrink(one.data)
    return None


def about_photos(file: PeopleFile, matched: Matched, photos: PhotoSource) -> Iterator[str]:
    """Returns a sentence for each kind of file that no row uses."""
    used = {name for row in file.rows for name in chosen(row, matched)[0]}
    strays = [name for name in photos.names() if name not in used]
    if strays:
        what = "1 photo belongs" if len(strays) == 1 else f"{len(strays)} photos belong"
        files = first_of(strays)
        yield f"{what} to no row of the CSV, such as {files}."
    known = {clean(row.number) for row in file.rows}
    for name in strays:
        if number := without_zeros(name, known):
            yield f"{name[-80:]} may be {number}'s: spreadsheets take the zeros from a number; format it as text."
            break
    yield from photos.unused().notices()
