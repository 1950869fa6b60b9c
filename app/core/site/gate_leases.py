"""Which process watches and drives which gate, where several share a site: the same answer in every process.

A gate is dealt whole: its cameras and its hardware go to one process, so that an opening never crosses machines.
"""

from collections import Counter
from collections.abc import Collection, Mapping


def deal(cameras: Mapping[str, int], able: Mapping[str, Collection[str]], held: Mapping[str, str]) -> dict[str, str]:
    """The process for each gate that has one; as few gates as possible change hands.

    cameras: how many each gate has, by its id; a gate without any still counts as one. able: the processes that may
    have the gate. held: who has it now. Loads differ in the end by less than the smallest gate that could still move.
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
    # Each move lowers the sum of the squared loads, so this ends.
    while move := _move(dealt, weight, able, load):
        gate, to = move
        load[dealt[gate]] -= weight[gate]
        load[to] += weight[gate]
        dealt[gate] = to
    return dealt


def _move(
    dealt: Mapping[str, str], weight: Mapping[str, int], able: Mapping[str, Collection[str]], load: Counter[str]
) -> tuple[str, str] | None:
    """The gate whose move to another process evens the loads most, and that process."""
    moves = [
        (load[who] - load[to] - weight[gate], gate, to)
        for gate, who in sorted(dealt.items())
        for to in sorted(able[gate])
        if load[who] - load[to] > weight[gate]
    ]
    return max(moves, key=lambda move: (move[0], move[1]))[1:] if moves else None
