"""A decision counts in one bucket of time, and in one of similarity if a face was compared."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.core.events.decision import Method, RecordedDecision
from app.core.events.histograms import BUCKETS, TOOK_MS, Bucket, Figure, buckets_of
from app.core.types import Reason

DAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 23, 59, 59, 999000, tzinfo=UTC)


def decision(reason: Reason, similarity: float | None, duration_ms: float = 21.4) -> RecordedDecision:
    return RecordedDecision(
        "01E", "01G", "lobby-1", AT, reason, Method.FACE, similarity=similarity, duration_ms=duration_ms
    )


@pytest.mark.parametrize(
    ("reason", "figure"), [(Reason.RECOGNISED, Figure.ACCEPTED), (Reason.NOT_RECOGNISED, Figure.REFUSED)]
)
@pytest.mark.parametrize(
    ("similarity", "bucket"), [(-0.3, 0), (0.0, 0), (0.019, 0), (0.02, 1), (0.71, 35), (0.999, 49), (1.0, BUCKETS - 1)]
)
def test_similarity_counts_by_the_decision(reason: Reason, figure: Figure, similarity: float, bucket: int) -> None:
    assert buckets_of(decision(reason, similarity))[1:] == [Bucket("01G", DAY, figure, bucket)]


@pytest.mark.parametrize(("ms", "bucket"), [(0.0, 0), (5.0, 0), (5.1, 1), (21.4, 4), (2500.0, 14), (2501.0, 15)])
def test_time_counts_by_its_upper_bound(ms: float, bucket: int) -> None:
    assert buckets_of(decision(Reason.NO_FACE, None, ms)) == [Bucket("01G", DAY, Figure.TOOK, bucket)]
    assert len(TOOK_MS) == 15


def test_face_that_was_compared_with_a_badges_holder_alone_has_no_nearest_employee() -> None:
    by_badge = replace(decision(Reason.CREDENTIAL_ACCEPTED, 0.7), method=Method.CREDENTIAL)
    assert [one.kind for one in buckets_of(by_badge)] == [Figure.TOOK]
