"""The RTSP server needs packages of Debian; where they are missing its tests are skipped, and say which they are."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.adapters.cameras.peers import SYSTEM_PYTHON, RtspCamera

PACKAGES = (Path(__file__).parent / "debian-packages.txt").read_text(encoding="utf-8").split()
PROBE = """
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
assert all(map(Gst.ElementFactory.find, ("appsrc", "jpegenc", "rtpjpegpay")))
"""


@pytest.fixture(scope="session")
def gstreamer() -> None:
    if not Path(SYSTEM_PYTHON).exists():
        pytest.skip(f"no {SYSTEM_PYTHON}; the RTSP tests need Debian with: {' '.join(PACKAGES)}")
    if subprocess.run([SYSTEM_PYTHON, "-c", PROBE], capture_output=True, check=False).returncode:
        pytest.skip(f"the RTSP tests need Debian's packages: apt-get install {' '.join(PACKAGES)}")


@pytest.fixture
def rtsp(gstreamer: None) -> Iterator[Callable[..., RtspCamera]]:
    """Starts RTSP cameras; what is still running ends with the test."""
    with ExitStack() as running:
        yield lambda *arguments: running.enter_context(RtspCamera(*arguments))
