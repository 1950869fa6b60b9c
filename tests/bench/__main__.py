"""`python -m tests.bench [frame|http|gallery|rules|passages|badges|codes ...]`: prints the figures of the README.

`python -m tests.bench approach [FOLDER OF CLIPS]`: from a face wide enough to the gate command.
`python -m tests.bench corridor FOLDER OF CLIPS`: the events of people who stay before one camera.
`python -m tests.bench leaving FOLDER OF CLIPS`: the events of one person who gestures and leaves.
`python -m tests.bench imports FOLDER`: importing people, beside the bare pipeline.
`python -m tests.bench people FOLDER`: the list of employees as one types; decisions beside an import.
`python -m tests.bench compare OTHER_CHECKOUT`: a frame to its decision, against another version in one run.
`python -m tests.bench floor`: a decision against one written by hand, in processor time.
`python -m tests.bench index`: a gallery of a million, against comparing all, and while its index is made anew.
`python -m tests.bench overload`: useful decisions when more is asked than can be answered.
`python -m tests.bench log`: pages of a log of a million events. `live`: what 50 people who watch cost a decision.
`python -m tests.bench scim`: decisions beside a directory that sends people.
`python -m tests.bench retention`: what the removal of a million old events costs a decision.
`python -m tests.bench certificates`: the certificate of an erasure among 10,000 people.
`python -m tests.bench start [OTHER_CHECKOUT]`: what a start costs until it is ready, and the first decision.
`python -m tests.bench soak|cameras --help`: the camera path; these take long and are run alone.
"""

import sys
from datetime import UTC, datetime

from rich.console import Console

from app.adapters.vision.networks.runtime import cpu_has_bf16
from tests.bench import approach, cameras, corridor, imports, leaving, log, people, rules, scim, start
from tests.bench.decision import (
    badges,
    certificates,
    codes,
    compare,
    floor,
    frame,
    http,
    live,
    many_rules,
    overload,
    passages,
    retention,
)
from tests.bench.galleries import gallery, index
from tests.bench.soak import soak

_MODULES = (
    approach,
    cameras,
    certificates,
    compare,
    corridor,
    floor,
    imports,
    index,
    leaving,
    live,
    log,
    overload,
    people,
    retention,
    scim,
    soak,
    start,
)
ALONE = {module.__name__.rpartition(".")[2]: module.main for module in _MODULES}
if sys.argv[1:2] and (main := ALONE.get(sys.argv[1])):
    main(sys.argv[2:])
    sys.exit()
console = Console(highlight=False)
wanted = set(sys.argv[1:]) or {"frame", "http", "gallery", "rules"}
if unknown := wanted - {"frame", "http", "gallery", "rules", "passages", "badges", "codes"}:
    known = ", ".join(["frame", "http", "gallery", "rules", "passages", "badges", "codes", *ALONE])
    sys.exit(f"no such measurement: {', '.join(sorted(unknown))}; there are {known}")
console.print(f"{datetime.now(UTC):%Y-%m-%d}")
if "frame" in wanted:
    for precision in ("bf16", "f32") if cpu_has_bf16() else ("f32",):
        frame.measure(precision, console)
if "http" in wanted:
    http.measure(console)
if "gallery" in wanted:
    gallery.measure(console)
if "rules" in wanted:
    rules.measure(console)
    many_rules.measure(console)
if "passages" in wanted:
    passages.measure(console)
if "badges" in wanted:
    badges.measure(console)
if "codes" in wanted:
    codes.measure(console)
