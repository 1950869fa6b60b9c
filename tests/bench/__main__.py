"""`python -m tests.bench [frame|http|gallery ...]`: prints what the README's table of figures is made of.

`python -m tests.bench approach [FOLDER OF CLIPS]`: from a face wide enough to the gate command.
`python -m tests.bench soak|cameras --help`: the camera path; these take long and are run alone.
"""

import sys
from datetime import UTC, datetime

from rich.console import Console

from app.adapters.vision.runtime import cpu_has_bf16
from tests.bench import approach, cameras, frame, gallery, http, soak

if sys.argv[1:2] == ["approach"]:
    approach.main(sys.argv[2:])
    sys.exit()
if sys.argv[1:2] == ["cameras"]:
    cameras.main(sys.argv[2:])
    sys.exit()
if sys.argv[1:2] == ["soak"]:
    soak.main(sys.argv[2:])
    sys.exit()
console = Console(highlight=False)
wanted = set(sys.argv[1:]) or {"frame", "http", "gallery"}
if unknown := wanted - {"frame", "http", "gallery"}:
    sys.exit(f"no such measurement: {', '.join(sorted(unknown))}")
console.print(f"{datetime.now(UTC):%Y-%m-%d}")
if "frame" in wanted:
    for precision in ("bf16", "f32") if cpu_has_bf16() else ("f32",):
        frame.measure(precision, console)
if "http" in wanted:
    http.measure(console)
if "gallery" in wanted:
    gallery.measure(console)
