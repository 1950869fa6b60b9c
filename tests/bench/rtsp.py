"""The camera of the soak: an RTSP server in a process of its own, and the line to it, which can be spoilt."""

import random
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import numpy as np

from app.core.types import Pixels
from tests.adapters.cameras.peers import SYSTEM_PYTHON
from tests.bench import clip

SIZE, SMALL = (640, 360), (480, 272)
HERE = Path(__file__).parent


def clips(folder: Path) -> dict[str, Path]:
    """The round of people, and what is wrong with it in each fault, as files."""
    main = clip.encode(clip.walk_ups(SIZE))
    chance = random.Random(1)
    spoilt = [(data[:40] + chance.randbytes(max(0, len(data) - 40)), key) for data, key in main]
    made = {
        "main": main,
        # An employee, near: the one picture that must not open again and again.
        "frozen": clip.encode([_last_picture()]) * 30,
        "small": clip.encode(clip.walk_ups(SMALL)),
        "black": clip.encode([np.zeros((SIZE[1], SIZE[0], 3), np.uint8)] * 30),
        "spoilt": spoilt,
    }
    return {name: clip.write(folder / f"{name}.h264", packets) for name, packets in made.items()}


def _last_picture() -> Pixels:
    *_, last = clip.walk_ups(SIZE, coming=clip.COMING[:1])
    return last


class Camera:
    """Killed as a power cut would, stopped as a hung one is."""

    def __init__(self, files: dict[str, Path]) -> None:
        self._files = [f"{name}={path}" for name, path in files.items()]
        self.port = "0"
        self.plug_in()

    def plug_in(self) -> None:
        """Starts, at the same port as before."""
        command = [SYSTEM_PYTHON, str(HERE / "rtsp_clip.py"), self.port, str(clip.FPS), *self._files]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = self._process.stdout.readline().strip()
        assert self.port, "the RTSP server did not start; see tests/adapters/cameras/debian-packages.txt"

    def unplug(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def play(self, name: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(name + "\n")
        self._process.stdin.flush()

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()


class Line:
    """A TCP connection's way to the camera: what comes from there may turn into random bytes."""

    def __init__(self, upstream: str) -> None:
        self._upstream = int(upstream)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._spoilt = False
        threading.Thread(target=self._accept, daemon=True).start()

    def spoil(self, spoilt: bool) -> None:
        self._spoilt = spoilt

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        for client in self._clients():
            try:
                camera = socket.create_connection(("127.0.0.1", self._upstream), timeout=2)
            except OSError:
                client.close()
                continue
            camera.settimeout(None)
            for a, b, back in ((client, camera, False), (camera, client, True)):
                threading.Thread(target=self._carry, args=(a, b, back), daemon=True).start()

    def _clients(self) -> Iterator[socket.socket]:
        while True:
            try:
                yield self._listener.accept()[0]
            except OSError:
                return

    def _carry(self, a: socket.socket, b: socket.socket, back: bool) -> None:
        with suppress(OSError):
            while data := a.recv(65536):
                b.sendall(random.randbytes(len(data)) if back and self._spoilt else data)
        for end in (a, b):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
