"""What the tests of the laboratory share."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import default_cache
from tests.models.weights.local_site import Site
from tests.photos import photo


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache of its own, with the weights."""
    for name in ("yunet", "face-mesh", "sface"):
        photo(name)
    folder = tmp_path / "cache"
    folder.mkdir()
    for file in default_cache().iterdir():
        if file.suffix in (".onnx", ".tflite"):
            (folder / file.name).symlink_to(file)
    return folder
