"""Trains a network: steps, validation on held-out people, early stopping, and checkpoints to resume from.

The same seed, number of threads and machine give the same result, bit for bit, however often the run is interrupted:
a step depends only on its number, and a checkpoint holds everything that the steps changed.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.siamese import batches, losses, networks
from models.siamese.crops import Crops, Faces
from models.siamese.judging import Embed, gate_views, judge
from models.siamese.sface import Sface

CHECKPOINT = "checkpoint.pt"


class ResumeError(ValueError):
    """A run cannot be resumed from a checkpoint; the message says why."""


@dataclass(frozen=True)
class Plan:
    """Everything a result depends on except the photos.

    Attributes:
        steps: per epoch.
        people, each: people in a batch, and pictures of each.
        whole: whether all layers learn.
        statistics: whether batch normalisation learns its statistics.
        keep: how strongly the vectors are held to those of the network before training.
    """

    backbone: networks.Backbone
    loss: losses.Loss
    mining: losses.Mining = "semihard"
    margin: float = 0.3
    epochs: int = 30
    steps: int = 50
    people: int = 16
    each: int = 4
    learning_rate: float = 2e-3
    whole: bool = True
    statistics: bool = True
    keep: float = 0.0
    patience: int = 8
    seed: int = 1
    threads: int = 1


class Watch(Protocol):
    """Receives the progress of training."""

    def step(self, done: int, total: int, loss: float, faces_per_s: float) -> None: ...

    def epoch(self, row: dict[str, Any], faces_per_s: float, left_s: float) -> None: ...


@dataclass(frozen=True, eq=False)
class Trained:
    """The result of a training run.

    Attributes:
        network, head: with the best epoch's weights, in evaluation mode; the head learns only with the loss `pair`.
        history: one row per epoch; epoch 0 is the start.
    """

    network: nn.Module
    head: losses.PairHead
    dimension: int
    history: list[dict[str, Any]]
    best_epoch: int
    ended: str
    origin: str


def embedder(network: nn.Module, batch: int = 8) -> Embed:
    """Returns a function from crops to unit vectors, (n, d), without training."""

    def embed(crops: Crops) -> np.ndarray[Any, np.dtype[np.float32]]:
        network.eval()
        with torch.inference_mode():
            parts = [
                functional.normalize(network(networks.to_input(torch.from_numpy(crops[i : i + batch]))))
                for i in range(0, len(crops), batch)
            ]
        return torch.cat(parts).numpy()

    return embed


def start(plan: Plan, cache: Path) -> tuple[nn.Module, int, str]:
    """Returns the network before training, its dimension, and where its weights come from.

    Raises:
        WeightsError: SFace's pinned weights are not in the cache.
    """
    torch.manual_seed(plan.seed)
    network, dimension, origin = networks.build(plan.backbone, cache)
    return network.to(memory_format=torch.channels_last), dimension, origin


def train(
    plan: Plan,
    learned: Faces,
    held_out: Faces,
    out: Path,
    cache: Path,
    watch: Watch,
    *,
    resume: bool = False,
    budget_s: float = float("inf"),
    clock: Callable[[], float] = time.monotonic,
) -> Trained:
    """Trains on `learned` and stops early by `held_out`; writes a checkpoint to `out` after every epoch.

    Raises:
        ResumeError: `resume` is set, but `out` has no checkpoint or one of another plan or other photos.
    """
    torch.set_num_threads(plan.threads)
    torch.use_deterministic_algorithms(True)
    network, dimension, origin = start(plan, cache)
    if isinstance(network, Sface) and not plan.whole:
        network.freeze_trunk()
    head = losses.PairHead(dimension)
    parameters = [p for p in (*network.parameters(), *head.parameters()) if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=plan.learning_rate, weight_decay=1e-4)
    embed, views, photos = embedder(network), gate_views(held_out), learned.photos()
    teacher = torch.from_numpy(embed(learned.crops)) if plan.keep else None
    made_of = {"plan": asdict(plan), "photos": [len(learned.crops), len(held_out.crops)], "people": _names(learned)}
    checkpoint = out / CHECKPOINT
    if resume:
        state = _read(checkpoint, made_of)
        network.load_state_dict(state["network"])
        head.load_state_dict(state["head"])
        optimiser.load_state_dict(state["optimiser"])
        history, best, spent_s = json.loads(state["history"]), state["best"], state["spent_s"]
        origin = state["origin"]
    else:
        history, spent_s = [{"epoch": 0, "loss": None, **judge(embed, held_out, views).row()}], 0.0
        watch.epoch(history[0], 0.0, float("nan"))
        best = _copied(network, head)
    began, ended = clock() - spent_s, "all epochs done"
    total = plan.epochs * plan.steps
    for epoch in range(len(history), plan.epochs + 1):
        if clock() - began > budget_s:
            ended = "time budget spent"
            break
        found: list[float] = []
        rate, epoch_began = 0.0, clock()
        networks.learn_mode(network, statistics=plan.statistics)
        for k in range(plan.steps):
            step = (epoch - 1) * plan.steps + k
            for group in optimiser.param_groups:
                group["lr"] = plan.learning_rate * pace(step, total)
            crops, person, where = batches.batch(learned, photos, plan.people, plan.each, plan.seed, step)
            torch.manual_seed(plan.seed * 1_000_003 + step)  # for dropout, if the network has it
            vectors = functional.normalize(network(networks.to_input(torch.from_numpy(crops))))
            loss = _loss(plan, head, vectors, torch.from_numpy(person))
            if teacher is not None:
                loss = loss + plan.keep * (1 - (vectors * teacher[where]).sum(dim=1)).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types for it
            optimiser.step()
            found.append(loss.item())
            rate = len(crops) * len(found) / max(clock() - epoch_began, 1e-9)
            watch.step(step + 1, total, float(np.mean(found)), rate)
        history.append({"epoch": epoch, "loss": float(np.mean(found)), **judge(embed, held_out, views).row()})
        watch.epoch(history[-1], rate, (clock() - epoch_began) * (plan.epochs - epoch))
        best_epoch = _best(history)
        if best_epoch == epoch:
            best = _copied(network, head)
        state = {
            "network": network.state_dict(), "head": head.state_dict(), "optimiser": optimiser.state_dict(),
            "best": best, "history": json.dumps(history), "made_of": json.dumps(made_of), "origin": origin,
            "spent_s": clock() - began,
        }  # fmt: skip
        partial = checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(checkpoint)
        if epoch - best_epoch >= plan.patience:
            ended = f"no improvement for {plan.patience} epochs"
            break
    network.load_state_dict(best["network"])
    head.load_state_dict(best["head"])
    return Trained(network.eval(), head.eval(), dimension, history, _best(history), ended, origin)


def _copied(network: nn.Module, head: nn.Module) -> dict[str, dict[str, Tensor]]:
    parts = {"network": network, "head": head}
    return {name: {key: v.clone() for key, v in part.state_dict().items()} for name, part in parts.items()}


def _loss(plan: Plan, head: losses.PairHead, vectors: Tensor, person: Tensor) -> Tensor:
    match plan.loss:
        case "contrastive":
            return losses.contrastive(vectors, person, plan.margin)
        case "triplet":
            return losses.triplet(vectors, person, plan.margin, plan.mining)
        case "pair":
            return head.loss(vectors, person)


def pace(step: int, total: int) -> float:
    """Returns the share of the learning rate: rising in the first twentieth, then falling along a cosine."""
    warm = max(1, total // 20)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + float(np.cos(np.pi * (step - warm) / max(1, total - warm))))


def _best(history: list[dict[str, Any]]) -> int:
    return int(min(range(len(history)), key=lambda i: history[i]["error"]))


def _names(faces: Faces) -> str:
    return f"{len(faces.people)} from {faces.people[0]} to {faces.people[-1]}"


def _read(checkpoint: Path, made_of: dict[str, Any]) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        before = json.loads(state["made_of"])
    except FileNotFoundError as error:
        raise ResumeError(f"{checkpoint.parent} has no {CHECKPOINT} to resume from; leave out --resume") from error
    except Exception as error:  # damaged bytes can make torch and pickle raise anything
        raise ResumeError(f"{checkpoint} cannot be read; remove it and start again") from error
    now = json.loads(json.dumps(made_of))
    differing = [k for k in now["plan"] if now["plan"][k] != before["plan"].get(k)]
    differing += [k for k in ("photos", "people") if now[k] != before[k]]
    if differing:
        raise ResumeError(f"the checkpoint has a different {', '.join(differing)}; use the same, or another --out")
    return state
