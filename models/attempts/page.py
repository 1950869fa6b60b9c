"""The part of the report about attempts at a gate, as Markdown."""

from collections.abc import Sequence
from typing import Any

from models.accuracy.intervals import between, percent
from models.accuracy.rates import verdict


def markdown_open_set(o: dict[str, Any]) -> list[str]:
    lines = ["", "## Open set: FNIR by FPIR"]
    kinds: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in o["rows"]:
        kinds.setdefault((row["enrolled"], row["photos"], row["frames"], row["flip"]), []).append(row)
    rows = [
        [
            f"{kind[0]}",
            f"{kind[1]}",
            f"{kind[2]}{' + mirror' if kind[3] else ''}",
            *(f"{percent(r['fnir'])} {between(r['fnir_people95'])}" for r in of),
            f"{of[0]['mate_attempts']} / {of[0]['stranger_attempts']}",
        ]
        for kind, of in kinds.items()
    ]
    if rows:
        of = next(iter(kinds.values()))
        heads = ["enrolled", "photos", "frames", *(f"FPIR {r['fpir']:.1%}" for r in of), "attempts (mates / strangers)"]
        lines += ["", *markdown_table(heads, rows)]
    why: dict[str, list[str]] = {}
    for gone in o["not_measured"]:
        setting = f"{gone['enrolled']} enrolled, {gone['photos']} photos, {gone['frames']} frames"
        why.setdefault(gone["why"], []).append(setting)
    lines += [f"- not measured: {'; '.join(settings)}: {reason}" for reason, settings in why.items()]
    if o["at_set_rates"]:
        lines += ["", "### Errors at set rates", ""]
        rows = [
            [
                f"{r['enrolled']}",
                f"{r['photos']}",
                f"{r['frames']}",
                percent(r["rate"]),
                f"{percent(r['fpir'])} {between(r['fpir_people95'])}",
                f"{r['fpir_over_rate']:.2f}",
                verdict(r),
                percent(r["fnir"]),
                f"{r['stranger_people']}",
            ]
            for r in o["at_set_rates"]
        ]
        heads = ["enrolled", "photos", "frames", "rate set", "FPIR (95 %)", "ratio", "0.5 to 2", "FNIR"]
        lines += markdown_table([*heads, "strangers (people)"], rows)
        failing = [r for r in o["at_set_rates"] if verdict(r) == "fails"]
        named = (
            f"{r['enrolled']} enrolled, {r['photos']} photos, {r['frames']} frames, {percent(r['rate'])}"
            for r in failing
        )
        lines += ["", f"Fails in {len(failing)} of {len(rows)} rows{': ' if failing else ''}{'; '.join(named)}."]
    return lines + _two_people(o["two_people"])


def _two_people(measured: Sequence[dict[str, Any]]) -> list[str]:
    if not measured:
        return []
    rows = [
        [
            f"{r['enrolled']}",
            f"{r['photos']}",
            f"{r['frames']}",
            percent(r["rate"]),
            f"{r['opened']} of {r['approaches']} {between(r['opened_wilson95'])}",
            f"{r['ambiguous']}",
        ]
        for r in measured
    ]
    heads = ["enrolled", "photos", "frames", "rate set", "opened (95 %)", "denied as ambiguous"]
    return ["", "### A second person steps in", "", *markdown_table(heads, rows)]


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Returns the lines of a Markdown table."""
    return [f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *rows)]
