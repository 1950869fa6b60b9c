"""Several workers compute what one computes: found by a demo that was blind at every third start (2026-11-23)."""

import numpy as np

from app.adapters.vision.networks.runtime import compile_network

STARTS = 6


def test_every_worker_gives_the_same_result(yunet_bytes: bytes) -> None:
    picture = np.random.default_rng(5).integers(0, 256, (1, 192, 320, 3), dtype=np.uint8)
    one = compile_network(yunet_bytes, height_px=192, width_px=320, rgb=False, precision="f32", workers=1)
    expected = [np.array(v) for v in one.create_infer_request().infer({0: picture}).values()]
    for _ in range(STARTS):
        several = compile_network(yunet_bytes, height_px=192, width_px=320, rgb=False, precision="f32", workers=8)
        requests = [several.create_infer_request() for _ in range(8)]
        for request in requests:
            request.start_async({0: picture})
        for request in requests:
            request.wait()
            for wanted, output in zip(expected, request.model_outputs, strict=True):
                assert np.allclose(request.get_tensor(output).data, wanted, atol=1e-4)
