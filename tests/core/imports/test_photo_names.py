"""Photos are matched to people by name; a photo that fits two people belongs to nobody."""

import pytest

from app.core.imports.photo_names import SYSTEM, Unused, is_photo, kind_of, match, without_zeros


@pytest.mark.parametrize(
    "name",
    [
        "E-1.jpg",
        "E-1_2.JPG",
        "E-1_10.png",
        "E-1/front.jpeg",
        "photos/E-1.jpg",
        "photos/E-1/x.jpg",
        "a\\E-1.jpg",
        "./E-1.jpg",
    ],
)
def test_photo_is_found_by_number(name: str) -> None:
    found = match([name], ["E-1", "E-2"])
    assert found.of == {"E-1": [name]}


def test_photos_come_in_the_order_of_their_numbers() -> None:
    names = ["E-1_10.jpg", "E-1_2.jpg", "E-1_1.jpg"]
    assert match(names, ["E-1"]).of["E-1"] == ["E-1_1.jpg", "E-1_2.jpg", "E-1_10.jpg"]


@pytest.mark.parametrize(
    "name", ["E-10.jpg", "E-1_a.jpg", "E-1x.jpg", "E-2/E-1.jpg", "../../etc/passwd.jpg", "/E-3.jpg"]
)
def test_ambiguous_photo_belongs_to_nobody(name: str) -> None:
    found = match([name], ["E-1", "E-2"])
    assert not found.of


def test_full_name_takes_precedence_over_a_numbered_one() -> None:
    found = match(["E_1.jpg", "E_1_1.jpg"], ["E", "E_1"])
    assert found.of == {"E_1": ["E_1.jpg", "E_1_1.jpg"]}


def test_composed_and_decomposed_letters_are_equal() -> None:
    assert match(["Mu\u0308ller.jpg"], ["M\u00fcller"]).of == {"M\u00fcller": ["Mu\u0308ller.jpg"]}


WANTED = ("ada.jpg", "all/ada.jpg", "all\\Ada.JPG", "bob.jpg", "x\\bob.jpg", "no.jpg", "../all/ada.jpg")


def test_row_names_its_photos() -> None:
    found = match(["all/ada.jpg", "bob.jpg", "x/bob.jpg", "cay.jpg"], ["E-1"], [*WANTED])
    assert found.named("all/ada.jpg") == found.named("ada.jpg") == "all/ada.jpg"
    assert found.named("bob.jpg") is None, "two of them"
    assert found.named("x\\bob.jpg") == "x/bob.jpg"
    assert found.named("no.jpg") is None and found.named("../all/ada.jpg") is None
    assert found.named("all\\Ada.JPG") == "all/ada.jpg", "Windows knows no capitals"


def test_end_of_a_path_is_enough() -> None:
    found = match(["export/pics/ada.jpg", "export/old/ada.jpg"], [], [r"pics\ada.jpg", "ada.jpg"])
    assert found.named(r"pics\ada.jpg") == "export/pics/ada.jpg" and found.named("ada.jpg") is None


def test_files_that_are_not_photos_are_counted_by_kind() -> None:
    unused = Unused()
    for name in ["a.tif", "b.TIF", "x/Thumbs.db", "__MACOSX/._a.jpg", "._b.heic", ".DS_Store", "README", ".E-1.jpg"]:
        kind = kind_of(name)
        assert kind is not None
        unused.add(name, kind)
    assert unused.counts == {".tif": 2, SYSTEM: 4, "no ending": 1, "hidden": 1}
    assert next(iter(unused.notices())).startswith(
        "2 files were not used (.tif), such as a.tif, b.TIF. Photos are JPEG"
    )


@pytest.mark.parametrize("name", ["E-1.heic", "E-1.WebP", "E-1.jfif", "E-1.jpe", "E-1.avif"])
def test_formats_of_phones_and_browsers_are_photos(name: str) -> None:
    assert is_photo(name) and match([name], ["E-1"]).of == {"E-1": [name]}


def test_leading_zeros_dropped_by_a_spreadsheet_are_noticed() -> None:
    assert without_zeros("pics/0042_2.jpg", {"42"}) == "42"
    assert without_zeros("pics/42.jpg", {"42"}) is None and without_zeros("00.jpg", {"42"}) is None


@pytest.mark.parametrize(
    "name", ["__MACOSX/E-1.jpg", ".E-1.jpg", "a/.hidden/E-1.jpg", "E-1.gif", "E-1.zip", "E-1.jpg/", ""]
)
def test_bytes_that_are_not_a_photo_have_no_format(name: str) -> None:
    assert not is_photo(name)
