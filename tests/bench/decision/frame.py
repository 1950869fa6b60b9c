"""From the bytes of a frame to a recorded decision, against the sum of its bare stages in the same run.

Every round times each bare stage once and the whole once, so that a noisy neighbour troubles both alike.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from app.adapters.vision.photos.jpeg import encode_jpeg
from app.core.canonical import canonical
from app.core.events.records import EventRow
from app.core.recognition.quality import GATE, assess
from app.core.types import Reason, Verdict
from app.services.access.access import Approach
from app.services.recognition.recognition import snapshot
from app.wiring import System, new_id
from tests.bench.ground import ENROLLED, add_gate, frame, jpeg, service, timed

ROUNDS = 300
GATE_NAME = "bench"


def stages(system: System, data: bytes) -> dict[str, Callable[[], Any]]:
    """Each stage as bare as it can be written, on what the stage before it gave."""
    recognition = system.recognition
    with recognition._pool.lease() as engine:
        pass
    pixels = recognition._decode(data)
    face = engine.detector.detect(pixels, smallest_px=system.settings.min_face_px)[0]
    refined = engine.detector.refine(pixels, face)
    crop = recognition._align(pixels, refined.landmarks)
    vector = engine.embedder.embed([crop], flip=False)[0]
    view = snapshot(pixels, refined.box)
    picture = encode_jpeg(view)
    gate = system.gates.add("bare")
    key = system.vault.new_key()

    def record() -> None:
        """One row into the events table, committed to disk, and the gate's head moved."""
        with system.store.write() as tx:
            head = tx.events.lock_head(gate.id)
            tx.events.append(
                EventRow(
                    id=new_id(), gate_id=gate.id, sequence=head.sequence + 1, at=system.clock(), verdict=Verdict.DENY,
                    reason=Reason.NO_FACE, commitment="", hash="", sealed_payload=bytes(700), sealed_snapshot=picture,
                )
            )  # fmt: skip

    def seal() -> None:
        """The cryptography of one event: payload and snapshot sealed, link and answer signed."""
        system.vault.seal(key, bytes(700), "payload")
        system.vault.seal(key, picture, "snapshot")
        system.signer.sign(canonical({"link": 1}))
        system.signer.sign(canonical({"answer": 1}))

    return {
        "decode": partial(recognition._decode, data),
        "detect": partial(engine.detector.detect, pixels, smallest_px=system.settings.min_face_px),
        "refine landmarks": partial(engine.detector.refine, pixels, face),
        "warp": partial(recognition._align, pixels, refined.landmarks),
        "quality": partial(assess, refined, crop, pixels.shape, GATE),
        "embed": partial(engine.embedder.embed, [crop], flip=False),
        **({"liveness": partial(engine.liveness.score, pixels, face.box)} if engine.liveness else {}),
        "search": partial(system.gallery.search, vector, 2),
        "snapshot": lambda: encode_jpeg(snapshot(pixels, refined.box)),
        "seal and sign": seal,
        "commit": record,
    }


def measure(precision: str, console: Console) -> None:
    """Prints one table for one precision."""
    with service(precision=precision) as system:
        gate = add_gate(system, GATE_NAME)
        data = jpeg(frame())
        bare = stages(system, data)
        reasons = []

        def whole() -> None:
            answer = system.access.decide(Approach(gate.name, (data,), system.clock()))
            reasons.append(answer.reason)

        for work in (*bare.values(), whole):
            for _ in range(20):
                work()
        samples = {name: np.array([(0.0, 0.0)] * ROUNDS) for name in (*bare, "whole")}
        for i in range(ROUNDS):
            for name, work in (*bare.items(), ("whole", whole)):
                samples[name][i] = timed(work)
    assert set(reasons) == {"recognised"}, set(reasons)
    table = Table("stage", "median ms", "best decile ms", "CPU ms (median)", title=f"{precision}, {ENROLLED} enrolled")
    for name, values in samples.items():
        wall, cpu = values[:, 0], values[:, 1]
        table.add_row(name, f"{np.median(wall):.2f}", f"{np.quantile(wall, 0.1):.2f}", f"{np.median(cpu):.2f}")
    console.print(table)
    for label, pick in (("median", 0.5), ("best decile", 0.1)):
        total = sum(float(np.quantile(samples[name][:, 0], pick)) for name in bare)
        all_of_it = float(np.quantile(samples["whole"][:, 0], pick))
        console.print(
            f"{label}: frame to decision {all_of_it:.2f} ms, sum of the bare stages {total:.2f} ms, "
            f"ratio {all_of_it / total:.3f} (at most 1.15 wanted), {ROUNDS} rounds"
        )
