"""What the console says about a face's width is what was measured and published."""

import re
from itertools import pairwise
from pathlib import Path

from app.core.recognition.by_width import MISSED

README = Path(__file__).parents[3] / "models/README.md"


def test_shares_are_the_published_ones() -> None:
    section = README.read_text().partition("### Far away")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| (\d+) \| \d+ \| ([\d.]+) %", section, re.MULTILINE)
    assert [(int(width), float(share)) for width, share in rows] == [(w, round(s * 100, 1)) for w, s in MISSED]


def test_wider_faces_are_missed_no_more_often() -> None:
    assert all(narrow[0] < wide[0] and narrow[1] >= wide[1] for narrow, wide in pairwise(MISSED))
