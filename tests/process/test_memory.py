"""Threads that come and go leave their memory in two places, not in one each."""

import subprocess
import sys

import pytest

SCRIPT = """
import re, sys, threading
from pathlib import Path
from app.process import memory
if sys.argv[1] == "bound":
    memory.bound()
together = threading.Barrier(8)
def use():
    kept = [bytes(2000) for _ in range(500)]
    together.wait(30)
threads = [threading.Thread(target=use) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
# An arena begins at a multiple of 64 MB and has no name.
lines = Path("/proc/self/maps").read_text().splitlines()
arenas = [line for line in lines if int(line.split("-")[0], 16) % (64 << 20) == 0 and len(line.split()) == 5]
print(len(arenas))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="arenas are glibc's, on Linux")
def test_allocator_has_two_arenas_however_many_threads_there_are() -> None:
    def arenas(how: str) -> int:
        ran = subprocess.run([sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, check=True)
        return int(ran.stdout)

    # One of the two is the heap itself.
    assert arenas("bound") <= 1
    assert arenas("as it is") > 2, "nothing was bounded here"


SETTLED = """
import gc, sys, uvicorn
from app.process import memory
from app.wiring import System
from app.web.app import create_app
before = len(gc.get_objects())
memory.settled()
print(before, len(gc.get_objects()), gc.get_freeze_count())
"""


def test_startup_objects_are_frozen_for_the_collector() -> None:
    ran = subprocess.run([sys.executable, "-c", SETTLED], capture_output=True, text=True, check=True)
    before, after, frozen = (int(word) for word in ran.stdout.split())
    assert before > 50_000 and after < 1_000 and frozen > 50_000
