"""How many events people make who stay before one camera all day: a clip, played again and again.

`python -m tests.bench corridor FOLDER`: each clip in FOLDER, with everybody in it enrolled.
"""

import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from app.core.approach.tries import Region
from tests.bench.approach import MIN_FACE_PX, Camera, enrol, gate, people_of, pictures, see


def again_and_again(console: Console, path: Path, minutes: float = 5, gap_s: float = 1.0) -> None:
    """The events of a clip in a loop, with everybody in it enrolled: people who stay before one camera all day."""
    frames, fps = pictures(path)
    with gate(200) as (system, now):
        region = Region(min_face_px=MIN_FACE_PX)
        seen = [see(system, pixels, region) for pixels in frames]
        for n, part in enumerate(people_of(system, frames, fps, region)):
            enrol(system, f"P{n}", [part.vectors[i] for i in sorted(part.vectors)][-5:])
        camera = Camera(system, now, region)
        at = now.captured_at
        rounds = round(minutes * 60 / (len(frames) / fps + gap_s))
        for _ in range(rounds):
            at += timedelta(seconds=gap_s)
            for found, pixels in zip(seen, frames, strict=True):
                at += timedelta(seconds=1 / fps)
                now.captured_at, now.began = at, time.perf_counter()
                camera.answers += camera.approaches.frame(camera.watch, found, pixels, at)
        camera.leave()
    reasons = Counter(str(answer.reason) for answer in camera.answers)
    told = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
    console.print(f"  {path.name}, {rounds} times in {minutes:.0f} minutes: {len(camera.answers)} events ({told})")


def main(arguments: list[str]) -> None:
    console = Console(highlight=False, width=200)
    for path in sorted(Path(arguments[0]).glob("*.mp4")):
        again_and_again(console, path)
