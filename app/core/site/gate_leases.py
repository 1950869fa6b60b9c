"""Assigns gates to the processes that share a site. Every process computes the same assignment.

A gate's cameras and hardware always go to one process, so an opening never crosses machines.
"""

from collections import Counter
from collections.abc import Collection, Mapping


def deal(cameras: Mapping[str, int], able: Mapping[str, Collection[str]], held: Mapping[str, str]) -> dict[str, str]:
    """Returns the process for each gate that any process can take, moving as few gates as possible.

    The loads end up so close that moving any gate would not bring them closer.

    Args:
        cameras: the number of cameras of each gate, by gate id; a gate without cameras counts as one.
        able: the processes that may take each gate.
        held: the process that holds each gate now.
    """
    weight = {gate: max(1, number) for gate, number in cameras.items()}
    dealt = {gate: who for gate, who in held.items() if gate in weight and who in able.get(gate, ())}
    load: Counter[str] = Counter()
    for gate, who in dealt.items():
        load[who] += weight[gate]
    for gate in sorted(weight.keys() - dealt.keys(), key=lambda g: (-weight[g], g)):
        if able.get(gate):
            dealt[gate] = min(able[gate], key=lambda who: (load[who], who))
            load[dealt[gate]] += weight[gate]
    # Each move lowers the sum of the squared loads, so this terminates.
    while move := _move(dealt, weight, able, load):
        gate, to = move
        load[dealt[gate]] -= weight[gate]
        load[to] += weight[gate]
        dealt[gate] = to
    return dealt


def _move(
    dealt: Mapping[str, str], weight: Mapping[str, int], able: Mapping[str, Collection[str]], load: Counter[str]
) -> tuple[str, str] | None:
    """Returns the gate and the process to move it to that even out the loads most; None if no move helps."""
    moves = [
        (load[who] - load[to] - weight[gate], gate, to)
        for gate, who in sorted(dealt.items())
        for to in sorted(able[gate])
        if load[who] - load[to] > weight[gate]
    ]
    return max(moves, key=lambda move: (move[0], move[1]))[1:] if moves else None
