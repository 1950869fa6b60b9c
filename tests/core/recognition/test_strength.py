"""The figures that a person's page names are those of models/README.md."""

import re
from pathlib import Path

from app.core.recognition.strength import ENROLLED, MEASURED, SETS, strength

README = Path(__file__).parents[3] / "models" / "README.md"
ROW = re.compile(
    r"^\| ([\d,]+) \| (\d) \| [^|]*, ([\d.]+) % \| [^|]*, ([\d.]+) % \| [^|]*, ([\d.]+) %; \d+ by \d+ \|$", re.MULTILINE
)


def test_figures_are_those_that_were_measured() -> None:
    text = README.read_text(encoding="utf-8")
    first = text[text.index("### Does a set rate hold") : text.index("The second check fits")]
    rows = {
        (int(size.replace(",", "")), int(photos)): tuple(round(float(share) / 100, 4) for share in shares)
        for size, photos, *shares in ROW.findall(first)
    }
    assert rows == MEASURED["sface"] and len(rows) == 2 * len(ENROLLED)
    assert "Set 1 %: FPIR, FNIR | Set 0.3 %: FPIR, FNIR | Set 0.1 %" in first and SETS == (0.01, 0.003, 0.001)


def test_next_larger_gallery_and_nearest_rate() -> None:
    small = strength("sface", 12, 0.001)
    assert small is not None and (small.enrolled, small.one, small.three, small.at_least) == (500, 0.062, 0.011, False)
    large = strength("sface", 10_000, 0.004)
    assert large is not None and (large.enrolled, large.rate, large.one, large.at_least) == (2500, 0.003, 0.075, True)
    strict = strength("sface", 501, 0.0001)
    assert strict is not None and (strict.enrolled, strict.rate, strict.at_least) == (1000, 0.001, True)


def test_nothing_is_said_of_a_pack_that_nobody_measured() -> None:
    assert strength("facenet", 100, 0.001) is None
