"""Several pictures are one sealed file, so that what holds for one holds for all."""

import pytest

from app.core.media import SEVERAL, bundle, sniff, unbundle

JPEG = b"\xff\xd8\xff picture"


@pytest.mark.parametrize("pictures", [[JPEG], [JPEG, b""], [JPEG, JPEG * 3, b"\x00" * 300]])
def test_what_was_bundled_comes_out(pictures: list[bytes]) -> None:
    assert unbundle(bundle(pictures)) == pictures


def test_one_picture_is_its_own_file() -> None:
    assert bundle([JPEG]) == JPEG and sniff(bundle([JPEG])) == "image/jpeg"


@pytest.mark.parametrize("cut", range(len(SEVERAL) + 1, len(bundle([JPEG, JPEG])), 3))
def test_a_file_that_was_cut_off_is_no_bundle(cut: int) -> None:
    whole = bundle([JPEG, JPEG])
    if cut == len(SEVERAL) + 4 + len(JPEG):  # between two pictures
        assert unbundle(whole[:cut]) == [JPEG]
    else:
        with pytest.raises(ValueError, match="cut off"):
            unbundle(whole[:cut])
