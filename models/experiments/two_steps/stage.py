"""Runs the experiment: renders the frames, then tests every method on the same frames."""

import tempfile
from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console

from app.core.recognition.alignment import SIZE_PX
from app.settings import read_settings
from models.data.dataset import fingerprint, read_dataset
from models.experiments.two_steps import classifier
from models.experiments.two_steps.cast import Camera, Part, Takes, cast, load, order, save, shoot, squeezed
from models.experiments.two_steps.scores import Budget, Result, rates
from models.siamese.crops import Crops, read_crops, split
from models.siamese.judging import Embed
from models.siamese.training import Plan, embedder, train

Key = tuple[str, int, int, int]
# Roles and frames are the same for every seed, because rendering takes longer than training. The seed decides which of
# the employees work at the smaller sites, and all weights and batches.
SCENE_SEED = 20261124
Takes3 = tuple[Takes, Takes, Takes]
MET_TAKES = 3  # test frames per photo
SIAMESE_EPOCHS = 8


class Stage:
    """Holds the dataset and its frames; `play` yields the results one by one."""

    def __init__(self, dataset: Path, threads: int, console: Console, clock: Callable[[], float]) -> None:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True)
        self._threads, self._console, self._clock = threads, console, clock
        self._cache = read_settings().cache
        self._photos = read_dataset(dataset)
        self._camera = Camera(self._cache)
        self._roles = cast(self._photos, np.random.default_rng(SCENE_SEED))

    def step_s(self) -> float:
        """Measures the seconds that a classifier takes per step on this machine."""
        pictures = np.zeros((classifier.BATCH, SIZE_PX, SIZE_PX, 3), dtype=np.uint8)
        label = np.arange(classifier.BATCH) % 50
        return min(classifier.learn(pictures, label, 50, 8, 0, self._clock).seconds / 8 for _ in range(2))

    def rendering_s(self, takes: int) -> float:
        """Estimates the seconds for rendering all frames, from a few photos."""
        sample = range(0, len(self._photos), -(-len(self._photos) // 8))
        began = self._clock()
        shoot(self._photos, sample, takes, self._camera, 0, self._console)
        learned, met = (sum(len(x) for x in parts) for parts in zip(*self._photos_of_employees(), strict=True))
        return (
            (self._clock() - began) / len(sample) * (learned + (met + len(self._roles.strangers)) * MET_TAKES / takes)
        )

    def shoot(self, takes: int, kept: Path) -> tuple[Takes, Takes, Takes]:
        """Returns the frames of employees for training and for testing, and of strangers.

        Args:
            kept: a folder in which frames from an earlier run are reused and new ones are saved.
        """
        both = list(zip(*self._photos_of_employees(), strict=True))
        learned, met = ([i for photos in kind for i in photos] for kind in both)
        return (
            self._shot(learned, takes, 1, kept),
            self._shot(met, MET_TAKES, 2, kept),
            self._shot(self._roles.strangers, MET_TAKES, 3, kept),
        )

    def _shot(self, photos: Sequence[int], takes: int, seed: int, kept: Path) -> Takes:
        file = kept / f"frames-{fingerprint([self._photos[i] for i in photos])}-{takes}-{seed}.npz"
        if not file.exists():
            save(shoot(self._photos, photos, takes, self._camera, seed, self._console), file)
        return load(file)

    def play(
        self, seed: int, cells: Sequence[tuple[int, int]], budget: Budget, done: Container[Key], takes: Takes3
    ) -> Iterator[Result]:
        """Runs every method in every cell of one seed, except those already done."""
        wanted = [(m, n, k) for n, k in cells for m in ("a", "b", "c", "c_sface")]
        wanted += [("a4", n, k) for n, k in cells if budget.wide and n == 50]
        employees = [self._roles.employees[i] for i in order(self._roles, seed)]
        for n, k in cells:
            if n > len(employees) or (k > 4 and n > self._roles.rich):
                raise ValueError(f"the dataset has too few people for {n} employees with {k} photos each")
        match = _Match(seed, employees, takes, budget=budget, clock=self._clock)
        siamese: Embed | None = None
        for method, n, k in wanted:
            if (method, seed, n, k) in done:
                continue
            if method == "c":
                siamese = siamese or self._siamese(seed, budget)
                yield match.compare(method, n, k, siamese)
            elif method == "c_sface":
                yield match.compare(method, n, k, lambda crops: self._camera.embedder.embed(list(crops), flip=False))
            else:
                yield match.classify(method, n, k)

    def _photos_of_employees(self) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        return [(part.learned, part.met) for part in self._roles.employees]

    def _siamese(self, seed: int, budget: Budget) -> Embed:
        """Trains the small network on people who are neither employees nor strangers here."""
        faces = read_crops(self._photos, self._cache, self._console)
        names = set(self._roles.teachers)
        learned, held = split(faces.of([i for i, p in enumerate(faces.people) if p in names]), (0.85, 0.15), seed)
        plan = Plan(
            "small", "triplet", epochs=SIAMESE_EPOCHS, steps=-(-budget.siamese_steps // SIAMESE_EPOCHS),
            patience=SIAMESE_EPOCHS, seed=seed, threads=self._threads,
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as out:
            return embedder(train(plan, learned, held, Path(out), self._cache, _Quiet(self._console)).network)


class _Match:
    """Tests the methods on the frames, for one seed."""

    def __init__(
        self,
        seed: int,
        employees: Sequence[Part],
        takes: Takes3,
        *,
        budget: Budget,
        clock: Callable[[], float],
    ) -> None:
        self._seed, self._employees, self._budget, self._clock = seed, employees, budget, clock
        self._learned, self._met, self._strangers = takes
        self._small = {id(t): np.stack([squeezed(p, SIZE_PX) for p in t.whole]) for t in takes}

    def classify(self, method: str, n: int, k: int) -> Result:
        """Tests a single network from a picture to one of n employees, each with k photos."""
        rows = [self._learned.of(part.learned[:k]) for part in self._employees[:n]]
        if method == "b":
            rows = [r[self._learned.found[r]] for r in rows]
        label = np.repeat(np.arange(n), [len(r) for r in rows])
        pictures = self._pictures(method, self._learned)[np.concatenate(rows)]
        learned = classifier.learn(pictures, label, n, self._budget.steps, self._seed, self._clock)
        where, truth = self._attempts(n)
        scores = learned.chances(self._pictures(method, self._met)[where])
        against = learned.chances(self._pictures(method, self._strangers))
        return self._result(method, n, k, scores, truth, against, where, learned.fitted, learned.seconds)

    def compare(self, method: str, n: int, k: int, embed: Embed) -> Result:
        """Tests the cosine to the mean vector of k photos; nothing is trained."""
        began = self._clock()
        templates = np.stack([_template(embed, self._learned, part.learned[:k]) for part in self._employees[:n]])
        where, truth = self._attempts(n)
        scores, against = embed(self._met.crop[where]) @ templates.T, embed(self._strangers.crop) @ templates.T
        return self._result(method, n, k, scores, truth, against, where, -1.0, self._clock() - began)

    def _pictures(self, method: str, takes: Takes) -> NDArray[np.uint8]:
        return {"a": self._small[id(takes)], "a4": takes.whole, "b": takes.crop}[method]

    def _attempts(self, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        rows = [self._met.of(part.met) for part in self._employees[:n]]
        return np.concatenate(rows), np.repeat(np.arange(n), [len(r) for r in rows])

    def _result(
        self,
        method: str,
        n: int,
        k: int,
        scores: NDArray[np.floating[Any]],
        truth: NDArray[np.int64],
        against: NDArray[np.floating[Any]],
        where: NDArray[np.int64],
        fitted: float,
        seconds: float,
    ) -> Result:
        raw = method in ("a", "a4")
        found = np.ones(len(where), dtype=bool) if raw else self._met.found[where]
        others = np.ones(len(against), dtype=bool) if raw else self._strangers.found
        named, admitted = rates(scores, truth, against, found, others)
        steps = self._budget.siamese_steps if method == "c" else 0 if method == "c_sface" else self._budget.steps
        return Result(
            method, self._seed, n, k, steps, len(where), len(against), named, admitted, fitted, round(seconds, 1)
        )


def _template(embed: Embed, takes: Takes, photos: Sequence[int]) -> NDArray[np.float32]:
    crops: Crops = np.stack([takes.portrait[i] for i in photos if i in takes.portrait])
    both = np.concatenate([crops, crops[:, :, ::-1]])
    mean = embed(both).mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


class _Quiet:
    """Implements `training.Watch` with one line per epoch."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def step(self, done: int, total: int, loss: float, faces_per_s: float) -> None:
        pass

    def epoch(self, row: dict[str, Any], faces_per_s: float, left_s: float) -> None:
        self._console.print(f"  siamese network, epoch {row['epoch']}: EER {row['gate']['eer']:.1%} on held-out people")
