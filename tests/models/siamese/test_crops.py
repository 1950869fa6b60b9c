"""Training sees the very crop that a gate would embed."""

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from app.adapters.vision.packs import pack as packs
from app.adapters.vision.photos.image import ImageDecoder
from app.core.recognition.quality import GATE
from app.settings import default_cache
from models.data.dataset import read_dataset
from models.siamese.crops import Cropper, read_crops
from tests.photos import photo


def test_crop_is_what_the_packs_own_parts_make() -> None:
    pixels = ImageDecoder()(photo("obama"))
    pack = packs.open_pack(packs.NAME, default_cache(), precision="f32")
    detector = pack.workers[0][0]
    face = detector.refine(
        pixels, max(detector.detect(pixels, smallest_px=GATE.min_face_px), key=lambda f: f.box.width_px)
    )
    crop = Cropper(default_cache()).crop(pixels)
    assert crop is not None
    assert (crop == pack.align(pixels, face.landmarks)).all()


def test_picture_of_nobody_has_no_crop() -> None:
    photo("obama")  # the weights are there
    assert Cropper(default_cache()).crop(np.full((200, 200, 3), 90, dtype=np.uint8)) is None


def photos_of(folder: Path) -> Path:
    """Two people with photos, in a folder for each."""
    for name, names in {"Barack": ("obama", "obama2"), "Joe": ("biden",)}.items():
        (folder / name).mkdir(parents=True)
        for source in names:
            (folder / name / f"{source}.jpg").write_bytes(photo(source))
    return folder


def cache_in(folder: Path) -> Path:
    """A cache of the test's own, with the weights."""
    folder.mkdir()
    for file in default_cache().iterdir():
        (folder / file.name).symlink_to(file)
    return folder


def test_photo_that_cannot_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    dataset, cache = photos_of(tmp_path / "photos"), cache_in(tmp_path / "cache")
    for number in range(7):
        (dataset / "Joe" / f"broken{number}.jpg").write_bytes(b"no picture")
    for _ in range(2):  # made, and kept
        said = io.StringIO()
        faces = read_crops(read_dataset(dataset), cache, Console(file=said))
        assert faces.person.tolist() == [0, 0, 1]
        assert "left out 7 photos that cannot be read" in said.getvalue()
        assert "Joe/broken0.jpg: This is not a picture in a known format" in said.getvalue()
        assert "broken5" not in said.getvalue()
        assert "and 2 more" in said.getvalue()


def test_crops_are_made_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos_of(tmp_path / "photos")
    cache = cache_in(tmp_path / "cache")
    photos = read_dataset(tmp_path / "photos")
    first = read_crops(photos, cache, Console(file=io.StringIO()))
    # when they are read again where nothing can be cropped any more
    monkeypatch.setattr("models.siamese.crops.Cropper", None)
    again = read_crops(photos, cache, Console(file=io.StringIO()))
    assert (first.crops == again.crops).all()
    assert first.people == ("Barack", "Joe")
    assert first.person.tolist() == [0, 0, 1]
    # then a photo more is another dataset
    (tmp_path / "photos" / "Joe" / "more.jpg").write_bytes(photo("biden"))
    with pytest.raises(TypeError):
        read_crops(read_dataset(tmp_path / "photos"), cache, Console(file=io.StringIO()))
