"""How often a face passes as the holder of a badge: compared with that person alone, at the site's false-accept rate.

Beside it, how many employees the threshold of a search among many would turn away. Rivals and the margin of a search
are left out, so a search does worse than it says.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from app.adapters.vision.networks.runtime import best_precision
from app.adapters.vision.packs import pack as packs
from app.core.recognition.calibration import Calibration
from app.settings import default_cache
from models.accuracy.intervals import between, over_people, percent, wilson
from models.accuracy.openset import pools, unit
from models.data.dataset import read_dataset
from models.data.embed import Embedded, embed

PHOTOS = (1, 3)
RATES = (0.01, 0.003, 0.001)


def measure(
    e: Embedded, c: Calibration, enrolled: int, seed: int, rates: Sequence[float] = RATES
) -> list[dict[str, Any]]:
    """Returns a row for each number of photos and each rate.

    fmr: the share of other people's photos that pass as the holder, of `impostors` comparisons. fnmr: the share of the
    holder's own that do not, of `genuine`. fnmr_search: the same by the threshold of a search among `enrolled`. Each
    with its 95 % interval, by resampling holders for fmr and Wilson's for the others.
    """
    rng, usable = np.random.default_rng(seed), pools(e)
    every = np.concatenate(usable.gate)
    found: list[dict[str, Any]] = []
    for photos in PHOTOS:
        holders, templates, own = _holders(e, usable.enrolment, usable.gate, photos, rng)
        if not holders:
            continue
        others = np.stack(templates) @ e.gate[every].T
        stranger = e.person[every][None, :] != np.array(holders)[:, None]
        genuine = np.concatenate(own)
        for rate in rates:
            alone, search = (c.threshold(rate, size, photos, 1) for size in (1, enrolled))
            passed, tried = (stranger & (others >= alone)).sum(axis=1), stranger.sum(axis=1)

            def share(drawn: NDArray[np.float64], passed: NDArray[Any] = passed, tried: NDArray[Any] = tried) -> float:
                return float((drawn @ passed) / (drawn @ tried))

            misses = [int((genuine < threshold).sum()) for threshold in (alone, search)]
            found.append(
                {
                    "photos": photos,
                    "rate": rate,
                    "holders": len(holders),
                    "impostors": int(tried.sum()),
                    "fmr": float(passed.sum() / tried.sum()),
                    "fmr_interval": over_people(len(holders), share, rng),
                    "genuine": len(genuine),
                    "fnmr": misses[0] / len(genuine),
                    "fnmr_interval": wilson(misses[0], len(genuine)),
                    "fnmr_search": misses[1] / len(genuine),
                    "fnmr_search_interval": wilson(misses[1], len(genuine)),
                }
            )
    return found


def _holders(
    e: Embedded,
    enrolment: Sequence[NDArray[np.int64]],
    gate: Sequence[NDArray[np.int64]],
    photos: int,
    rng: np.random.Generator,
) -> tuple[list[int], list[NDArray[np.float32]], list[NDArray[np.float32]]]:
    """Everybody with enough photos: who they are, their templates, and the similarities of their other photos."""
    holders: list[int] = []
    templates: list[NDArray[np.float32]] = []
    own: list[NDArray[np.float32]] = []
    for person, mine in enumerate(enrolment):
        if len(mine) < photos:
            continue
        chosen = rng.permutation(mine)[:photos]
        left = np.setdiff1d(gate[person], chosen)
        if len(left):
            template = unit(e.enrolment[chosen].mean(axis=0))
            holders.append(person)
            templates.append(template)
            own.append(e.gate[left] @ template)
    return holders, templates, own


def command(
    dataset: Annotated[Path, typer.Argument(help="A folder with one folder per person.", exists=True, file_okay=False)],
    enrolled: Annotated[int, typer.Option(help="How many a search would compare with.", min=2)] = 10_000,
    seed: Annotated[int, typer.Option()] = 20261130,
) -> None:
    """Measure badge and face: the holder's face alone, beside a search, at the same false-accept rate."""
    console, cache = Console(), default_cache()
    e = embed(read_dataset(dataset), cache, best_precision(), console)
    rows = measure(e, packs.read_calibration(packs.NAME, packs.folder(cache)).calibration, enrolled, seed)
    table = Table("photos", "set", "FMR", "FNMR", f"FNMR, search of {enrolled}", "impostors", "genuine")
    for row in rows:
        table.add_row(
            str(row["photos"]),
            percent(row["rate"]),
            *(f"{percent(row[key], 2)} {between(row[f'{key}_interval'])}" for key in ("fmr", "fnmr", "fnmr_search")),
            f"{row['impostors']:,}",
            f"{row['genuine']:,}",
        )
    console.print(table)
