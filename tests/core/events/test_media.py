"""Several pictures are packed into one file, so that they are sealed and erased together."""

import pytest

from app.core.media import SEVERAL, bundle, sniff, unbundle

JPEG = b"\xff\xd8\xff picture"


@pytest.mark.parametrize("pictures", [[JPEG], [JPEG, b""], [JPEG, JPEG * 3, b"\x00" * 300]])
def test_bundled_pictures_come_out_unchanged(pictures: list[bytes]) -> None:
    assert unbundle(bundle(pictures)) == pictures


def test_single_picture_is_not_wrapped() -> None:
    assert bundle([JPEG]) == JPEG and sniff(bundle([JPEG])) == "image/jpeg"


@pytest.mark.parametrize("cut", range(len(SEVERAL) + 1, len(bundle([JPEG, JPEG])), 3))
def test_truncated_bundle_is_refused(cut: int) -> None:
    whole = bundle([JPEG, JPEG])
    if cut == len(SEVERAL) + 4 + len(JPEG):  # between two pictures
        assert unbundle(whole[:cut]) == [JPEG]
    else:
        with pytest.raises(ValueError, match="truncated"):
            unbundle(whole[:cut])
