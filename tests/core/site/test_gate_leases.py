"""Every gate goes to exactly one process that may have it, evenly, and few gates change hands."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.site.gate_leases import deal

WHO = ("a", "b", "c", "d")
GATES = tuple(f"g{i}" for i in range(8))
cameras = st.dictionaries(st.sampled_from(GATES), st.integers(0, 4))
anyone = st.dictionaries(st.sampled_from(GATES), st.sets(st.sampled_from(WHO)))
holders = st.dictionaries(st.sampled_from(GATES), st.sampled_from(WHO))


def everybody(*who: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(GATES, who)


def test_single_process_has_every_gate() -> None:
    assert deal({"g0": 1, "g1": 0}, everybody("a"), {}) == {"g0": "a", "g1": "a"}


def test_without_processes_no_gate_is_assigned() -> None:
    assert deal({"g0": 1}, {}, {"g0": "gone"}) == {}


def test_new_process_gets_a_share_and_few_gates_change_hands() -> None:
    now = dict.fromkeys(("g0", "g1", "g2", "g3"), "a")
    dealt = deal(dict.fromkeys(now, 1), everybody("a", "b"), now)
    assert sorted(dealt.values()) == ["a", "a", "b", "b"]
    assert deal(dict.fromkeys(now, 1), everybody("a", "b"), dealt) == dealt


def test_gate_goes_to_the_only_process_that_may_have_it() -> None:
    able = {"g0": ("a",), "g1": ("a", "b"), "g2": ("a", "b")}
    assert deal(dict.fromkeys(able, 1), able, {"g0": "b", "g1": "a", "g2": "a"}) == {"g0": "a", "g1": "a", "g2": "b"}


def test_gates_weigh_by_their_cameras() -> None:
    dealt = deal({"g0": 4, "g1": 1, "g2": 1, "g3": 1}, everybody("a", "b"), {})
    assert dealt["g0"] not in {dealt["g1"], dealt["g2"], dealt["g3"]}


@given(cameras, anyone, holders)
def test_every_gate_is_with_one_process_that_may_have_it(
    cameras: dict[str, int], able: dict[str, set[str]], held: dict[str, str]
) -> None:
    dealt = deal(cameras, able, held)
    assert dealt.keys() == {gate for gate in cameras if able.get(gate)}
    assert all(dealt[gate] in able[gate] for gate in dealt)
    assert deal(cameras, able, dealt) == dealt, "dealt again, nothing moves"
    load = {who: sum(max(1, cameras[g]) for g in dealt if dealt[g] == who) for who in WHO}
    for gate, who in dealt.items():
        assert all(load[who] - load[other] <= max(1, cameras[gate]) for other in able[gate])


@given(st.sets(st.sampled_from(GATES), min_size=1), st.sets(st.sampled_from(WHO), min_size=1), holders)
def test_equal_gates_are_shared_evenly_to_within_one(gates: set[str], who: set[str], held: dict[str, str]) -> None:
    dealt = deal(dict.fromkeys(gates, 1), everybody(*who), held)
    shares = [list(dealt.values()).count(one) for one in who]
    assert max(shares) - min(shares) <= 1
