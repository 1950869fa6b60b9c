"""The periods that a site may choose, and the README that lists them."""

import re
from pathlib import Path

import pytest

from app.core.errors import BadField
from app.core.site.retention import LONGEST, PERIODS, WORDS, KeptHours, Kind
from app.services.people.retention import retention


def test_readme_lists_the_kinds_in_order_with_their_usual_hours() -> None:
    text = Path(retention.__file__).with_name("README.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE)
    assert rows == [(kind.value, str(PERIODS[kind].usual)) for kind in Kind]
    assert set(WORDS) == set(PERIODS) == set(Kind)


def test_usual_time_is_no_choice() -> None:
    assert KeptHours({"trail": 8760, "alerts": None, "faces": 24}) == {"faces": 24}


@pytest.mark.parametrize("chosen", [{"faces": 1}, {"trail": 1}, {"alerts": LONGEST + 1}, {"souls": 5}, {"events": -1}])
def test_period_out_of_bounds_is_refused(chosen: dict[str, int]) -> None:
    with pytest.raises(BadField) as refused:
        KeptHours(chosen)
    assert refused.value.code == "bad_kept_hours" and refused.value.field.startswith("kept_hours")
