"""A decision written by hand, straight down and on one gate: what the service's own way of deciding is measured by.

It does what the service does for one person in one frame: the same networks at the same size and precision, the
quality, liveness, a search of as many people, the rows read and their seals, the event sealed, chained, signed and
committed to the disk in a copy of the service's own database. It has no layers, no other gates, no other kinds of
pictures and no errors to explain.
"""

import base64
import hashlib
import hmac
import json
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import cv2
import faiss
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray
from ulid import ULID

from app.adapters.vision import weights
from app.adapters.vision.networks import liveness
from app.adapters.vision.networks.picture_border import border
from app.adapters.vision.networks.runtime import Precision, compile_at, read_network
from app.adapters.vision.packs import pack
from app.core.recognition import alignment
from app.core.recognition.liveness import beside_border, is_doubtful
from app.core.types import Box
from app.wiring import System

Rows = NDArray[np.float32]
SEARCHED = (480, 270)  # of 1280 x 720 for faces of 48 px
CANVAS = (480, 288)
PAIRS = np.array([[33, 133], [362, 263], [1, 4], [61, 61], [291, 291]])
AREA = (slice(28, 108), slice(20, 92))
LUMA = np.array([0.114, 0.587, 0.299], np.float32)


class Network:
    """One network with its own request; the input is written in place and the outputs are read in place."""

    def __init__(self, name: str, cache: Path, width_px: int, height_px: int, precision: Precision, **how: Any) -> None:
        network = read_network(weights.load(name, cache), **how)
        compiled = compile_at(network, height_px=height_px, width_px=width_px, precision=precision)
        self._request = compiled.create_infer_request()
        self.picture = self._request.get_input_tensor().data
        self.picture[:] = 0
        self.names = [set(output.names) for output in compiled.outputs]

    def run(self) -> list[Rows]:
        self._request.infer(share_outputs=True)
        return [self._request.get_output_tensor(i).data for i in range(len(self.names))]


class Detector:
    def __init__(self, cache: Path) -> None:
        self.network = Network("yunet", cache, *CANVAS, "f32", rgb=False)
        self.at = {name: i for i, names in enumerate(self.network.names) for name in names}
        self.grids = {s: np.indices((CANVAS[1] // s, CANVAS[0] // s)).reshape(2, -1)[::-1].T for s in (8, 16, 32)}

    def best(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
        """Box and landmarks of the best face, in frame pixels, and how many faces there are."""
        small = cv2.resize(cv2.resize(pixels, (640, 360), interpolation=cv2.INTER_AREA), SEARCHED)
        self.network.picture[0, : SEARCHED[1]] = small
        out = self.network.run()
        found = []
        for stride, grid in self.grids.items():
            score = np.sqrt(
                np.clip(out[self.at[f"cls_{stride}"]][0, :, 0] * out[self.at[f"obj_{stride}"]][0, :, 0], 0, 1)
            )
            for cell in np.flatnonzero(score >= 0.6):
                box, points = out[self.at[f"bbox_{stride}"]][0, cell], out[self.at[f"kps_{stride}"]][0, cell]
                size = np.exp(box[2:]) * stride
                corner = (grid[cell] + box[:2]) * stride - size / 2
                found.append((float(score[cell]), [*corner, *size], (points.reshape(5, 2) + grid[cell]) * stride))
        kept = cv2.dnn.NMSBoxes([box for _, box, _ in found], [score for score, _, _ in found], 0.6, 0.3)
        _, box, points = found[kept[0]]
        ratio = pixels.shape[1] / SEARCHED[0]
        return np.array(box, np.float64) * ratio, np.array(points, np.float64) * ratio, len(kept)


@dataclass
class Floor:
    """system: whose people, keys and weights it uses. file: its own copy of the database."""

    system: System
    file: Path
    gate: str
    mesh: Network = field(init=False)

    def __post_init__(self) -> None:
        cache, precision = self.system.settings.cache, self.system.recognition.precision
        assert precision in ("f32", "bf16")
        chosen: Precision = "bf16" if precision == "bf16" else "f32"
        self.detector = Detector(cache)
        self.mesh = Network("face-mesh", cache, 192, 192, "f32", rgb=True, scale=(255, 255, 255), layout="NHWC")
        self.embedder = Network("sface", cache, 112, 112, chosen, rgb=True)
        self.judges = [(Network(name, cache, 80, 80, chosen, rgb=False), scale) for name, scale in liveness.PAIR]
        self.centre = pack.centre(pack.NAME, self.system.settings.pack_folder)
        self.index = faiss.IndexScalarQuantizer(128, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        with self.system.store.read() as tx:
            self.system.gallery.refresh(tx)
        index: Any = self.system.gallery.index
        now = index._now
        self.index.add(np.concatenate([now.main.exact.reconstruct_n(0, len(now.main)), now.delta]))
        self.ids = (*map(now.main.id_of, range(len(now.main))), *now.delta_ids)
        self.threshold = self.system.threshold(2, 1)
        self.signing, self.sealing = Ed25519PrivateKey.generate(), hashlib.sha256(b"rows").digest()
        with self.system.store.read() as tx:
            found = tx.gates.by_name_or_id(self.gate)
            assert found is not None
            self.gate_id = found.id
        self.database = sqlite3.connect(self.file, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
            self.database.execute(f"PRAGMA {pragma}")
        faiss.omp_set_num_threads(1)

    def decide(self, data: bytes) -> dict[str, Any]:
        """The signed answer; its event is on the disk."""
        pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        box, rough, faces = self.detector.best(pixels)
        points, box = self._refined(pixels, box, rough)
        crop = _aligned(pixels, points)
        live = float(np.mean([self._live(pixels, self.seen, *judge) for judge in self.judges]))
        if is_doubtful(live):
            live = beside_border(live, border(pixels, Box(*self.seen)))
        good = self._good(crop, points)
        self.embedder.picture[0] = crop
        vector = self.embedder.run()[0][0].copy()
        vector /= np.linalg.norm(vector)
        if self.centre is not None:
            vector -= self.centre
            vector /= np.linalg.norm(vector)
        similarities, rows = self.index.search(vector[None], 2)
        best, second = map(float, similarities[0])
        x, y, width, height = box
        half, centre = max(width, height), (x + width / 2, y + height / 2)
        view = pixels[
            max(0, int(centre[1] - half)) : int(centre[1] + half), max(0, int(centre[0] - half)) : int(centre[0] + half)
        ]
        step = -(-view.shape[0] // 240)
        picture = cv2.imencode(".jpg", view[::step, ::step].copy(), [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
        known = good and live >= 0.7 and best >= self.threshold and best - second >= self.system.calibration.margin
        return self._record(
            hashlib.sha256(data).hexdigest(), self.ids[rows[0, 0]], known, best, second, live, faces, picture
        )

    def _refined(
        self, pixels: NDArray[np.uint8], box: NDArray[np.float64], rough: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Landmarks and box by the mesh; the frame's person looks straight ahead, so one look is enough."""
        self.seen = box
        along = rough[1] - rough[0]
        angle = 2 * np.arctan2(along[1], along[0])
        side = 1.5 * max(box[2], box[3]) / 192
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * side
        corner = box[:2] + box[2:] / 2 - turn @ (96, 96)
        self.mesh.picture[0] = cv2.warpAffine(
            pixels, np.column_stack([turn, corner]), (192, 192),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        mesh = self.mesh.run()[0].reshape(-1, 3)[:, :2] @ turn.T + corner
        low = mesh.min(axis=0)
        return mesh[PAIRS].mean(axis=1), np.array([*low, *(mesh.max(axis=0) - low)])

    def _live(self, pixels: NDArray[np.uint8], box: NDArray[np.float64], network: Network, scale: float) -> float:
        centre, half = box[:2] + box[2:] / 2, box[2:] * scale / 2
        left, top = np.maximum(centre - half, 0).astype(int)
        right, bottom = np.minimum(centre + half, pixels.shape[1::-1]).astype(int)
        network.picture[0] = cv2.resize(pixels[top:bottom, left:right], (80, 80))
        logits = network.run()[0][0]
        likely = np.exp(logits - logits.max())
        return float(likely[1] / likely.sum())

    def _good(self, crop: NDArray[np.uint8], points: NDArray[np.float64]) -> bool:
        luma = crop[AREA].astype(np.float32) @ LUMA
        second = luma[:, :-2] - 2 * luma[:, 1:-1] + luma[:, 2:], luma[:-2] - 2 * luma[1:-1] + luma[2:]
        sharpness = min(float(each.std()) for each in second) / max(float(luma.std()), 1e-6)
        dark, bright = float((luma <= 8).mean()), float((luma >= 250).mean())
        eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
        pitch = (points[2, 1] - eyes[1]) / (mouth[1] - eyes[1])
        yaw = (points[2, 0] - eyes[0]) / ((points[1, 0] - points[0, 0]) / 2)
        return bool(
            sharpness > 0.032
            and luma.std() > 4
            and luma.mean() < 230
            and max(dark, bright) < 0.4
            and abs(yaw) < 1.6
            and 0.1 < pitch < 0.95
        )

    def _record(
        self, digest: str, who: str, known: bool, best: float, second: float, live: float, faces: int, picture: bytes
    ) -> dict[str, Any]:
        run, at, event = self.database.execute, datetime.now(UTC), str(ULID())
        run("BEGIN IMMEDIATE")
        try:
            head, before = run("SELECT head_sequence, head_hash FROM gates WHERE id = ?", (self.gate_id,)).fetchone()
            fresh = run("INSERT INTO sent_pictures VALUES (?, ?) ON CONFLICT DO NOTHING", (digest, _ms(at))).rowcount
            gate = self._sealed("SELECT * FROM gates WHERE id = ?", self.gate_id)
            person = self._sealed("SELECT * FROM employees WHERE id = ?", who)
            site = self._sealed("SELECT * FROM site WHERE id = ?", 1)
            rules = self._sealed("SELECT * FROM rule_version WHERE id = ?", 1)
            changed = run("SELECT revision FROM gallery").fetchone()
            key = self._sealed("SELECT * FROM subject_keys WHERE subject_id = ?", who)
            opens = bool(known and fresh and gate and person and site and rules and changed)
            said = {
                "id": event, "gate": self.gate, "at": at.isoformat(), "open": opens, "employee": who,
                "similarity": round(best, 4), "margin": round(best - second, 4), "threshold": round(self.threshold, 4),
                "liveness": round(live, 4), "faces": faces, "digest": digest, "rules": rules[1],
            }  # fmt: skip
            plain = _text(said | {"nonce": token_hex(16), "picture": hashlib.sha256(picture).hexdigest()})
            commitment = hashlib.sha256(plain).hexdigest()
            linked = hashlib.sha256(_text([before, self.gate_id, event, head + 1, commitment])).hexdigest()
            signed = self._signed(_text([self.gate_id, head + 1, linked]))
            vault, wrapped = self.system.vault, key[1]
            run(
                "INSERT INTO events (id, gate_id, sequence, at, verdict, reason, commitment, hash,"
                " signature, employee_id, subject_id, sealed_payload, sealed_snapshot)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (event, self.gate_id, head + 1, _ms(at), "open" if opens else "deny", "recognised", commitment, linked,
                 signed, who, who, vault.seal(wrapped, plain, "payload"), vault.seal(wrapped, picture, "picture")),
            )  # fmt: skip
            run("UPDATE gates SET head_sequence = ?, head_hash = ? WHERE id = ?", (head + 1, linked, self.gate_id))
            run("COMMIT")
        except BaseException:
            run("ROLLBACK")
            raise
        return said | {"checkpoint": signed, "signature": self._signed(_text(said))}

    def _sealed(self, query: str, key: str | int) -> tuple[Any, ...]:
        """A row, with the work of checking its seal."""
        row: tuple[Any, ...] = self.database.execute(query, (key,)).fetchone()
        hmac.digest(self.sealing, repr(row).encode(), "sha256")
        return row

    def _signed(self, message: bytes) -> str:
        return base64.b64encode(self.signing.sign(message)).decode()


def _aligned(pixels: Any, points: NDArray[np.float64]) -> Any:
    """The crop; a face more than twice as wide is halved first, as the service does."""
    transform = alignment.matrix(points)
    if alignment.scale(transform) < 0.5:
        left, top = (points.min(axis=0) - 160).clip(0).astype(int)
        right, bottom = (points.max(axis=0) + 160).astype(int)
        pixels = pixels[top:bottom, left:right]
        pixels = cv2.resize(pixels, (pixels.shape[1] // 2, pixels.shape[0] // 2), interpolation=cv2.INTER_AREA)
        transform = alignment.matrix((points - (left, top) - 0.5) / 2)
    return cv2.warpAffine(pixels, transform, (112, 112), flags=cv2.INTER_LINEAR)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _text(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
