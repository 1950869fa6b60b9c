"""Models loaded once a session, from the cache that `python -m models fetch` fills."""

import os

import pytest

from app.adapters.vision import weights
from app.adapters.vision.networks.yunet import YunetDetector, YunetNetwork
from app.adapters.vision.packs import pack as packs
from app.adapters.vision.packs.embedder import CropEmbedder, EmbeddingNetwork
from app.core.errors import WeightsError
from app.settings import default_cache


@pytest.fixture(scope="session")
def pack(yunet_bytes: bytes, mesh_bytes: bytes, sface_bytes: bytes) -> packs.Pack:
    # The bytes are asked for so that the fixture is skipped, not failed, where they are missing.
    return packs.open_pack(packs.NAME, default_cache(), precision="f32", workers=2)


@pytest.fixture(scope="session")
def yunet_bytes() -> bytes:
    return _weights("yunet")


@pytest.fixture(scope="session")
def mesh_bytes() -> bytes:
    return _weights("face-mesh")


@pytest.fixture(scope="session")
def sface_bytes() -> bytes:
    return _weights("sface")


@pytest.fixture(scope="session")
def detector(yunet_bytes: bytes, mesh_bytes: bytes) -> YunetDetector:
    return YunetNetwork(yunet_bytes, mesh_bytes).detector()


@pytest.fixture(scope="session")
def embedder(sface_bytes: bytes) -> CropEmbedder:
    return EmbeddingNetwork(sface_bytes, packs.SFACE, precision="f32").embedder()


def _weights(name: str) -> bytes:
    try:
        return weights.load(name, default_cache())
    except WeightsError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
