"""Computes a face's vector: a pack's network under OpenVINO, one crop per run, unit length.

SFace: Zhong et al., "SFace: sigmoid-constrained hypersphere loss for robust face recognition", IEEE TIP 2021.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.adapters.vision.networks.runtime import Precision, Runner, compile_at, read_network
from app.adapters.vision.packs import network_output
from app.adapters.vision.packs.pack_file import PackFile
from app.core.errors import WeightsError
from app.core.recognition.centre import off_centre
from app.core.types import Pixels


class EmbeddingNetwork:
    """The network; `embedder()` compiles it for one worker.

    centre: what all faces share, subtracted from each vector (`core.centre`).

    Runs one crop at a time: a batch takes as long as its crops one by one (13.3 ms for 2, 40.1 for 6, 7.3 for one,
    2026-11-23). So a crop always gives the same vector bit for bit, whatever else is in the request.

    Raises:
        WeightsError: The centre has the wrong size, the network does not give what `pack` says, or it gives the same
            vector for every picture.
        PackMismatch: bf16 was requested from a CPU without it.
    """

    def __init__(
        self,
        model: bytes,
        pack: PackFile,
        *,
        precision: Precision,
        centre: NDArray[np.float32] | None = None,
    ) -> None:
        if centre is not None and centre.shape != (pack.dimension,):
            raise WeightsError(f"the centre of {pack.file} has {len(centre)} numbers, not {pack.dimension}")
        self.precision = precision
        self.pack = pack
        self._centre = centre
        self._network = read_network(
            model, rgb=pack.colour == "RGB", mean=pack.mean, scale=pack.scale, layout=pack.layout
        )
        tried = self._compiled()
        answers = [_run(tried, probe) for probe in network_output.probes(pack.size_px)]
        network_output.sees(pack, np.stack(answers))
        self._made = [tried]  # for the first worker

    def embedder(self) -> "CropEmbedder":
        try:
            network = self._made.pop()
        except IndexError:
            network = self._compiled()
        return CropEmbedder(network, self.pack, self._centre)

    def _compiled(self) -> Runner:
        pack = self.pack
        compiled = compile_at(self._network, height_px=pack.size_px, width_px=pack.size_px, precision=self.precision)
        shape = tuple(compiled.outputs[0].partial_shape.get_max_shape()) if compiled.outputs else ()
        if len(compiled.outputs) != 1 or shape != (1, pack.dimension):
            raise WeightsError(f"{pack.file} gives {' x '.join(map(str, shape))} numbers, not 1 x {pack.dimension}")
        return Runner(compiled)


class CropEmbedder:
    """Implements `ports.Embedder` for one thread at a time. Warmed up when it is made."""

    def __init__(self, network: Runner, pack: PackFile, centre: NDArray[np.float32] | None = None) -> None:
        self._network = network
        self._centre = centre
        self._shape = (pack.size_px, pack.size_px, 3)
        self._dimension = pack.dimension
        self._one(np.zeros(self._shape, dtype=np.uint8))

    def embed(self, crops: Sequence[Pixels], *, flip: bool) -> NDArray[np.float32]:
        """(n, dimension) float32, unit length, from (size, size, 3) uint8 BGR crops.

        flip: the vector is the direction of the sum of the crop's and its mirror image's unit vectors; twice the time.

        Raises:
            ValueError: a crop of another shape or type.
        """
        vectors = np.empty((len(crops), self._dimension), dtype=np.float32)
        for row, crop in enumerate(crops):
            if crop.shape != self._shape or crop.dtype != np.uint8:
                raise ValueError(f"a crop is {self._shape} uint8, not {crop.shape} {crop.dtype}")
            vector = self._one(crop)
            if flip:
                vector = _unit(vector + self._one(crop[:, ::-1]))
            vectors[row] = vector
        return vectors

    def _one(self, crop: Pixels) -> NDArray[np.float32]:
        return off_centre(_unit(_run(self._network, crop)), self._centre)


def _run(network: Runner, crop: Pixels) -> NDArray[np.float32]:
    network.picture[0] = crop
    return np.array(network.run()[0][0], dtype=np.float32)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)
