"""An MQTT driver in a process of its own, so that it can be killed.

usage: python -m tests.adapters.gates.relays.driver_program CONFIG [fire]   Prints `ready` once it has told its mode.
"""

import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.adapters.gates.build import build_driver
from app.core.gates.commands import DriverKind
from tests.waiting import eventually

ROOT = Path(__file__).parents[4]
DRIVER = (sys.executable, "-m", __name__)

if __name__ == "__main__":
    driver: Any = build_driver(
        DriverKind.MQTT, json.loads(sys.argv[1]), on_state=print, clock=lambda: datetime.now(UTC)
    )
    if len(sys.argv) > 2:
        driver.release(True)
    eventually(lambda: driver._connection is not None and driver._connection.will == driver._last_mode())
    print("ready", flush=True)  # noqa: T201
    signal.pause()
