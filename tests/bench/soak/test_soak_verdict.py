"""The soak's judge is judged: what leaks is called a leak, and what steps up once is not."""

from collections.abc import Callable

import pytest

from tests.bench.soak.soak_report import Sample
from tests.bench.soak.soak_verdict import Verdict, verdicts

MINUTES = 72


def judged(files: Callable[[int], int], mb_an_hour: float = 0.0) -> dict[str, Verdict]:
    """files: by minute. Memory grows evenly, with a tremor."""
    samples = [
        Sample(60.0 * m, 450 + mb_an_hour * m / 60 + 0.1 * (-1) ** m, 38, files(m), 0.0, 120.0, 32.0)
        for m in range(MINUTES)
    ]
    return {verdict.figure: verdict for verdict in verdicts([], samples, audit_valid=True)}


@pytest.mark.parametrize("when", [5, 20, 30, 45, 60])
def test_step_is_no_leak(when: int) -> None:
    assert judged(lambda m: 18 + 2 * (m >= when))["files"].good


@pytest.mark.parametrize("every", [3, 10])
def test_file_left_open_again_and_again_is_one(every: int) -> None:
    assert not judged(lambda m: 18 + m // every)["files"].good


@pytest.mark.parametrize(("mb_an_hour", "good"), [(0.0, True), (0.2, True), (2.0, False), (9.1, False), (30.0, False)])
def test_growing_memory_fails_the_verdict(mb_an_hour: float, good: bool) -> None:
    assert judged(lambda m: 18, mb_an_hour)["memory"].good is good
