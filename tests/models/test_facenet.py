"""The facenet pack: random weights of the real structure, exported, served by the app, and equal to torch."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from facenet_pytorch import InceptionResnetV1
from facenet_pytorch.models import inception_resnet_v1
from typer.testing import CliRunner, Result

from app.adapters.vision.packs import pack as packs
from app.settings import PREFIX, default_cache
from models import facenet
from models.__main__ import app
from tests.adapters.vision.conftest import _weights
from tests.models.weights.local_site import Site

NETWORKS = ("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packs with the one that the command made."""
    for name in NETWORKS:
        _weights(name)
    folder = tmp_path_factory.mktemp("packs")
    done = run(folder, "--weights", "random", "--seed", "3")
    assert done.exit_code == 0, done.output
    assert "RANDOM weights recognise nobody" in done.output
    return folder


def run(folder: Path, *words: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(f"{PREFIX}PACKS", str(folder))
        return CliRunner().invoke(app, ["facenet", *words], env=dict(os.environ))


def test_app_serves_it_with_the_library_s_detector_and_crop(made: Path) -> None:
    assert "not calibrated" in str(packs.problem("facenet", default_cache(), made)), "and nothing else is wrong"
    described = packs.described("facenet", made)
    assert (described.dimension, described.size_px, described.detector, described.warp) == (512, 160, "mtcnn", "box")


def test_other_weights_are_noticed(made: Path) -> None:
    torch.manual_seed(4)
    other = InceptionResnetV1().eval()
    with torch.no_grad():
        said = other(torch.rand(facenet.FACES, 3, 160, 160)).numpy()
    with pytest.raises(ValueError, match="differ from torch"):
        facenet.check("facenet", default_cache(), made, said, seed=3)


def test_pack_is_never_overwritten(made: Path) -> None:
    before = (made / "facenet" / "pack.toml").read_bytes()
    done = run(made, "--weights", "random")
    assert done.exit_code == 2 and "already" in done.output
    assert (made / "facenet" / "pack.toml").read_bytes() == before


def test_library_s_weights_come_over_the_network(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its releases cannot be reached from everywhere; here a server on loopback gives what they would hold."""
    torch.manual_seed(5)
    published = InceptionResnetV1(classify=True, num_classes=8631)
    torch.save(published.state_dict(), tmp_path / "w.pt")
    site.pages["/w.pt"] = (tmp_path / "w.pt").read_bytes()
    fetch = inception_resnet_v1.download_url_to_file
    monkeypatch.setattr(
        inception_resnet_v1, "download_url_to_file", lambda _, to: fetch(f"{site.url('/w.pt')}", to, progress=False)
    )
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(facenet, "pictures", lambda seed: np.full((1, 160, 160, 3), 90, np.uint8))

    _, said = facenet.make("fetched", tmp_path, "vggface2", seed=0)

    with torch.no_grad():
        published.classify = False
        expected = published.eval()(torch.full((1, 3, 160, 160), (90 - 127.5) / 128)).numpy()
    assert abs(said - expected).max() < 1e-5


def test_without_a_network_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("Connection refused")

    monkeypatch.setattr(inception_resnet_v1, "download_url_to_file", refused)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    done = run(tmp_path / "packs", "--weights", "vggface2")
    assert done.exit_code == 2 and "cannot download" in done.output
    assert not (tmp_path / "packs").exists()
