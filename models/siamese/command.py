"""`python -m models train`: trains a network on a dataset, shows progress, and exports the result as a pack."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from app.core.errors import Fault
from app.settings import read_settings
from models.data.dataset import read_dataset
from models.siamese.crops import Faces, read_crops, split
from models.siamese.needs import require_torch

if TYPE_CHECKING:
    from models.siamese.training import Plan

Backbone = Literal["small", "sface", "facenet"]
Loss = Literal["contrastive", "triplet", "pair"]
Mining = Literal["semihard", "hard"]
# Fine-tuning must change little: only the last layers, slowly, held to the pinned network's vectors of clean crops.
BY_BACKBONE: dict[str, dict[str, Any]] = {
    "small": {},
    "sface": {
        "learning_rate": 5e-5,
        "margin": 0.5,
        "whole": False,
        "statistics": False,
        "keep": 1.0,
        "epochs": 8,
        "steps": 40,
    },
    "facenet": {"learning_rate": 3e-4},
}
# Triplet margins apply to squared distances of unit vectors, this one to distances.
CONTRASTIVE_MARGIN = 1.1
# The shares of people for training, for choosing the epoch, and for the final comparison.
SHARES = (0.5, 0.15, 0.35)
PARITY_FACES = 32


def command(
    dataset: Annotated[
        Path, typer.Argument(help="A folder with one folder per person, such as LFW.", exists=True, file_okay=False)
    ],
    backbone: Annotated[Backbone, typer.Option(help="small trains from scratch in minutes on a CPU.")] = "small",
    loss: Annotated[Loss, typer.Option(help="pair: a same/different head, logistic on the pair.")] = "triplet",
    mining: Annotated[Mining, typer.Option(help="Which negatives a triplet uses.")] = "semihard",
    epochs: Annotated[int, typer.Option(help="At most this many; 0: the backbone's default.", min=0)] = 0,
    steps: Annotated[int, typer.Option(help="Per epoch; 0: the backbone's default.", min=0)] = 0,
    whole: Annotated[bool, typer.Option(help="sface: train every layer, which is three times slower.")] = False,
    budget_minutes: Annotated[float, typer.Option(help="Stop after the epoch that spends it; 0: no limit.", min=0)] = 0,
    patience: Annotated[int, typer.Option(help="Stop after this many epochs without improvement.", min=1)] = 8,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    threads: Annotated[int, typer.Option(help="The same seed and number of threads give the same result.", min=1)] = 1,
    name: Annotated[str, typer.Option(help="Name of the exported pack.")] = "trained",
    out: Annotated[Path, typer.Option(help="Folder for checkpoint, curves and contact sheet.")] = Path("training"),
    resume: Annotated[bool, typer.Option("--resume", help="Continue from the checkpoint in --out.")] = False,
) -> None:
    """Train a siamese network on part of a dataset, validate it on the rest, and export it as a pack."""
    require_torch()
    from models.siamese import training

    chosen = dict(BY_BACKBONE[backbone])
    chosen |= {k: v for k, v in {"epochs": epochs, "steps": steps}.items() if v}
    if loss == "contrastive":
        chosen["margin"] = CONTRASTIVE_MARGIN
    if whole:
        chosen["whole"] = True
    plan = training.Plan(backbone, loss, mining, patience=patience, seed=seed, threads=threads, **chosen)
    console = Console()
    try:
        faces = read_crops(read_dataset(dataset), read_settings().cache, console)
        run(faces, plan, name, out, console, resume=resume, budget_s=60 * budget_minutes or float("inf"))
    except (Fault, ValueError, OSError) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from error


def run(faces: Faces, plan: "Plan", name: str, out: Path, console: Console, *, resume: bool, budget_s: float) -> None:
    """Trains, compares and exports, once the options and photos are read. Needs the extra `train`."""
    import cv2
    import torch

    from models.siamese import augment, export, losses, proof, training
    from models.siamese.judging import gate_views

    if not resume and (out / training.CHECKPOINT).exists():
        raise ValueError(f"{out} has a checkpoint from an earlier run; add --resume, or use another --out")
    settings = read_settings()
    cache, packs = settings.cache, settings.pack_folder
    export.check_name(name, packs)
    learned, held_out, judges = split(faces, SHARES, plan.seed)
    for what, part in (("training on", learned), ("validating on", held_out), ("comparing on", judges)):
        console.print(f"{what} {len(part.people)} people with {len(part.crops)} photos")
    out.mkdir(parents=True, exist_ok=True)
    sheet = augment.contact_sheet(learned.crops[:: max(1, len(learned.crops) // 6)], np.random.default_rng(plan.seed))
    cv2.imwrite(str(out / "augmentations.png"), sheet)
    with Shown(console) as shown:
        trained = training.train(plan, learned, held_out, out, cache, shown, resume=resume, budget_s=budget_s)
    draw(trained.history, out / "curves.png")
    (out / "history.json").write_text(json.dumps(trained.history, indent=1) + "\n", encoding="utf-8")
    console.print(f"started from {trained.origin}; stopped: {trained.ended}; best epoch: {trained.best_epoch}")
    if trained.best_epoch == 0:
        console.print("no epoch was better on the held-out people than the start, so the start is exported")
    model = export.to_onnx(trained.network)
    found = export.parity(trained.network, model, held_out.crops[:PARITY_FACES])
    console.print(
        f"the export matches torch on {found.faces} crops: largest difference {found.difference:.1e}, "
        f"smallest cosine {found.least_cosine:.6f}"
    )
    note = f"{plan.backbone} trained by {plan.loss} on {len(learned.people)} people, seed {plan.seed}; {trained.origin}"
    pack = export.write_pack(name, packs, model, trained.dimension, plan.backbone, note)
    before = training.embedder(training.start(plan, cache)[0])
    changes = proof.compare(before, training.embedder(trained.network), judges, gate_views(judges), plan.seed)
    (out / "before_after.json").write_text(json.dumps([asdict(c) for c in changes], indent=1) + "\n", encoding="utf-8")
    console.print(proof.table(changes))
    if plan.loss == "pair":
        vectors = torch.from_numpy(training.embedder(trained.network)(judges.crops))
        fmr, fnmr = losses.head_errors(trained.head, vectors, torch.from_numpy(judges.person))
        console.print(f"the same/different head on every pair of portraits: FMR {fmr:.2%}, FNMR {fnmr:.2%}")
    console.print(f"wrote {out}: curves.png, augmentations.png, history.json, before_after.json", markup=False)
    console.print(f"wrote the pack {pack}; next: python -m models calibrate DATASET --pack {name}", markup=False)


def draw(history: list[dict[str, Any]], path: Path) -> None:
    """Draws the loss and the errors on held-out people, by epoch."""
    from models.siamese.chart import Line, Panel, draw_panels

    learned = [(row["epoch"], row["loss"]) for row in history if row["loss"] is not None]
    errors = []
    for view in ("portraits", "gate"):
        errors.append(Line(f"{view}, EER", [(row["epoch"], row[view]["eer"]) for row in history]))
        errors.append(Line(f"{view}, FNMR at FMR 1 %", [(row["epoch"], row[view]["fnmr"][1]) for row in history]))
    panels = [
        Panel("training", "epoch", "loss", [Line("mean of the epoch", learned)]),
        Panel("held-out people", "epoch", "error", errors),
    ]
    draw_panels(panels, path)


class Shown:
    """Implements `training.Watch`: a bar with speed, time left and loss, and one permanent line per epoch."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("step {task.completed} of {task.total}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("training", total=None)

    def __enter__(self) -> "Shown":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def step(self, done: int, total: int, loss: float, faces_per_s: float) -> None:
        self._bar.update(
            self._task, completed=done, total=total, description=f"loss {loss:.4f}, {faces_per_s:.0f} faces/s"
        )

    def epoch(self, row: dict[str, Any], faces_per_s: float, left_s: float) -> None:
        views = "; ".join(
            f"{view} EER {row[view]['eer']:.2%}, FNMR {row[view]['fnmr'][1]:.2%}" for view in ("portraits", "gate")
        )
        loss = "" if row["loss"] is None else f"loss {row['loss']:.4f}, {faces_per_s:.0f} faces/s, "
        left = "" if row["loss"] is None else f", at most {left_s / 60:.1f} minutes left"
        self._console.print(f"epoch {row['epoch']}: {loss}on held-out people at FMR 1 %: {views}{left}")
