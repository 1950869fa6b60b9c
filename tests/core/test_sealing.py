"""No two records are sealed under one context, and the contexts of what is stored already never change."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.sealing import Sealed, context

IDS = {Sealed.UPLOAD: 3, Sealed.IMPORT_ROW: 2}  # how many ids a kind takes, where it is not one
plain = st.text(alphabet="0123456789ABCXYZ.-_ ", min_size=1, max_size=8)
issuers = st.text(alphabet="htps:/.a0", min_size=1, max_size=12)


@st.composite
def records(draw: st.DrawFn) -> tuple[Sealed, tuple[str, ...]]:
    kind = draw(st.sampled_from(list(Sealed)))
    if kind is Sealed.PROVIDER:
        return kind, (draw(issuers),)
    return kind, tuple(draw(plain) for _ in range(IDS.get(kind, 1)))


@given(records(), records())
def test_two_records_share_no_context(
    one: tuple[Sealed, tuple[str, ...]], other: tuple[Sealed, tuple[str, ...]]
) -> None:
    assert (context(one[0], *one[1]) == context(other[0], *other[1])) is (one == other)


@pytest.mark.parametrize(("one", "other"), list(permutations(Sealed, 2)))
def test_no_prefix_is_the_beginning_of_another(one: Sealed, other: Sealed) -> None:
    assert not one.startswith(other)


@pytest.mark.parametrize("ids", [("",), ("a:b", "c"), ("a", "", "c")])
def test_id_that_could_be_taken_for_another_is_refused(ids: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        context(Sealed.UPLOAD, *ids)


@pytest.mark.parametrize(
    ("kind", "ids", "stored"),
    [
        (Sealed.PERSON, ("01A",), "person 01A"),
        (Sealed.PHOTO, ("01A",), "photo:01A"),
        (Sealed.EMBEDDING, ("01A",), "embedding:01A"),
        (Sealed.TEMPLATE, ("01A",), "template:01A"),
        (Sealed.EVENT_PAYLOAD, ("01E",), "event payload 01E"),
        (Sealed.EVENT_SNAPSHOT, ("01E",), "event snapshot 01E"),
        (Sealed.CAMERA_URL, ("01C",), "camera-url:01C"),
        (Sealed.GATE_CONFIG, ("01G",), "gate-config:01G"),
        (Sealed.PROVIDER, ("https://id.example",), "provider-secret:https://id.example"),
        (Sealed.UPLOAD, ("01I", "photos.zip", "piece 3 of all"), "upload:01I:photos.zip:piece 3 of all"),
        (Sealed.IMPORT_TOLD, ("01I",), "import told:01I"),
        (Sealed.IMPORT_ROW, ("01I", 7), "import row:01I:7"),
    ],
)
def test_contexts_of_earlier_versions_are_unchanged(kind: Sealed, ids: tuple[str | int, ...], stored: str) -> None:
    assert context(kind, *ids) == stored
