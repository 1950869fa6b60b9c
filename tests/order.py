"""The order in which several processes of tests take their files.

A file of the unit rings computes for a second or two. A file of the others runs for up to a minute, mostly waiting for
a process, a camera or a browser. Every process takes the next file of one list, so waiting mixes with computing; short
files come last, so that no process works alone at the end.
"""

from collections import Counter
from collections.abc import Iterable

SHORT = {"core", "services"}
# The others are all taken by then.
_LONG_UNTIL = 0.85


def places(files: Iterable[str]) -> dict[str, float]:
    """Where in the session each file (path below `tests`) comes, from 0 to 1; the files of a ring stay in order."""
    ordered = list(dict.fromkeys(files))
    ring = {file: file.split("/")[0] for file in ordered}
    size, taken, found = Counter(ring.values()), Counter[str](), dict[str, float]()
    for file in ordered:
        name = ring[file]
        share = 1.0 if name in SHORT else _LONG_UNTIL
        found[file] = share * taken[name] / size[name]
        taken[name] += 1
    return found
