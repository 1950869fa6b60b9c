"""The report as a Markdown page. report.json holds the same figures and more, under these keys (schema 1):

- `dataset`: `people`, `photos`, `no_face_found`, `unreadable`, `passed_over`, `refused_at_gate`, ...
- `verification` (with --pairs, else null): `accuracy` (each fold at the others' threshold), `accuracy_standard_error`,
  `eer`, `tar_at_far["0.001"].tar`, `pairs`, `same`, `different`; the same under `with_mirror_image`.
  With a .csv of pairs, also `listed`: the most doubtful pairs, with `similarity` and the `probability` of one person.
- `comparison`: `eer`, `det`, and `points`: for each `fmr_target`, `threshold`, `fmr`, `fnmr`, with counts and intervals
  (`*_wilson95`: treats comparisons as independent; `*_people95`: resamples people, the honest one).
- `open_set.rows`: the `fnir` for each `enrolled`, `photos`, `frames`, `flip` and `fpir`, with `fnir_people95`.
- `open_set.at_set_rates`: for each `rate` an operator sets, the measured `fpir` and `fnir`, and `fpir_over_rate`. It
  `holds` from 0.5 to 2; `certain` says whether the data can tell (`rates.holds`).
- `open_set.two_people`: of so many `approaches` in which a second person steps in, how many `opened`.
- `at_gate` (with --allowed, else null): for each `photos` and `rate`, the share of attempts that open a gate which
  `eligible` of `enrolled` people may pass, with the threshold for all of them and with that for the eligible:
  `eligible_opens_all`, `eligible_opens_eligible`, and the same of the `others` enrolled and of `strangers`, with
  `*_people95`. `eligible_lost_to_rivals`: attempts like enough to their own template that do not open because somebody
  else enrolled is as like. `measured` people are of the dataset, the rest of the enrolled are modelled.
- `groups` (with --groups, else null): `groups`, `differentials`; the number of `people_in_no_group` of the dataset and
  of people `not_in_dataset`, the first of them under `people_in_no_group_named` and `not_in_dataset_named`.
- `label_noise`, `seconds`, `plots`.
- `presentation_attacks` (with --attacks): like pad.json of `evaluate-pad`; `groups.NAME.window.apcer.rate` and so on.

Rates are shares (0.01 is 1 %). A figure is null if the dataset is too small for it; `why` gives the reason.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.accuracy import plots
from models.accuracy.intervals import between, percent
from models.attempts.page import markdown_open_set, markdown_table

SHOWN_PAIRS = 20
FEW = 5  # people named on the page; report.json has more


def plain(value: Any) -> Any:
    """Replaces NaN and infinities with null, such as the rate over nobody or the interval of too few."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def draw(found: dict[str, Any], folder: Path) -> list[str]:
    """Draws every plot that there are figures for, and returns the file names."""
    title = f"{found['pack']['name']} on {found['dataset']['name']}"
    names: list[str] = []

    def to(name: str) -> Path:
        names.append(name)
        return folder / name

    if found["comparison"]["det"]:
        plots.det(found["comparison"]["det"], f"DET, {title}", to("det.png"))
    rows = [row for row in found["open_set"]["rows"] if not row["flip"]]
    main = [row for row in rows if row["enrolled"] == found["open_set"]["enrolled"]]
    kinds = (
        ("photos", [row for row in main if row["frames"] == 1], "1 frame"),
        ("frames", [row for row in main if row["photos"] == 1], "1 photo"),
        ("enrolled", [row for row in rows if (row["photos"], row["frames"]) == (1, 1)], "1 photo, 1 frame"),
    )
    for label, chosen, fixed in kinds:
        if any(row["fnir"] is not None for row in chosen):
            plots.open_set(chosen, label, f"open set by {label} ({fixed}), {title}", to(f"open-set-by-{label}.png"))
    if found["open_set"]["at_set_rates"]:
        shown = [r for r in found["open_set"]["at_set_rates"] if (r["photos"], r["frames"]) in ((1, 1), (3, 1))]
        plots.set_rates(shown, f"measured over set rate, {title}", to("set-rates.png"))
    return names


def markdown(found: dict[str, Any]) -> str:
    """Returns the report as a Markdown page."""
    data, pack = found["dataset"], found["pack"]
    lines = [
        f"# {pack['name']} ({pack['precision']}) on {data['name']}",
        "",
        f"{data['photos']} photos of {data['people']} people, {data['people_with_two_photos']} of them with two or "
        f"more. No face found in {data['no_face_found']}; unreadable: {data['unreadable']}.",
        f"Refused at the gate: {_counts(data['refused_at_gate'])}.",
        f"Refused for enrolment: {_counts(data['refused_for_enrolment'])}.",
    ]
    lines += [f"- {name}: {why}" for name, why in (*data["unreadable_files"], *data["passed_over"])]
    if data["people_with_two_photos"] == 0:
        lines += ["", "Nobody has two photos, so misses cannot be measured. Only strangers are compared."]
    lines += _verification(found["verification"]) + _comparison(found["comparison"])
    lines += markdown_open_set(found["open_set"]) + markdown_at_gate(found["at_gate"])
    lines += _groups(found["groups"]) + _noise(found["label_noise"])
    lines += [f"![{name}]({name})" for name in found["plots"]]
    seconds = found["seconds"]
    lines += [
        "",
        f"Embedding took {seconds['embedding']} s, measuring {seconds['measuring']} s. `{found['command']}`",
        "",
    ]
    return "\n".join(lines)


def _verification(v: dict[str, Any] | None) -> list[str]:
    if v is None:
        return []
    lines = ["", f"## Verification: {v['pairs']} pairs of {v['file']}", "", f"Protocol: {v['protocol']}."]
    if v["pairs_not_in_dataset"]:
        lines.append(f"{v['pairs_not_in_dataset']} rows name photos that are not in the dataset.")
    if v["pairs_with_no_face_found"]:
        lines.append(f"{v['pairs_with_no_face_found']} pairs have a photo without a face. They count as different.")
    rows = []
    for name, of in (("one look", v), ("with its mirror image", v["with_mirror_image"])):
        tars = [f"{percent(t['tar'])}" if t else "-" for t in of["tar_at_far"].values()]
        rows.append([name, percent(of["accuracy"]), between(of["accuracy_people95"]), percent(of["eer"]), *tars])
    heads = ["", "accuracy", "95 % (people)", "EER", *(f"TAR at FAR {far}" for far in v["tar_at_far"])]
    return [*lines, "", *markdown_table(heads, rows), *_listed(v.get("listed"))]


def _listed(pairs: Sequence[dict[str, Any]] | None) -> list[str]:
    if pairs is None:
        return []
    note = "Pairs from corrections were picked because a decision was wrong; their share of errors is no error rate."
    rows = [
        [
            p["photo"],
            p["picture"],
            "one" if p["same"] else "two",
            "no face" if p["similarity"] is None else f"{p['similarity']:.3f}",
            percent(p["probability"]),
        ]
        for p in pairs[:SHOWN_PAIRS]
    ]
    heads = ["photo", "picture", "people", "similarity", "probability of one person"]
    return ["", f"{note} Most doubtful first:", "", *markdown_table(heads, rows)]


def _comparison(c: dict[str, Any]) -> list[str]:
    rows = []
    for p in c["points"]:
        if p["threshold"] is None:
            rows.append([f"{p['fmr_target']:g}", p["why"], "", "", "", ""])
            continue
        fmr = f"{p['false_matches']} of {p['impostor_comparisons']}"
        sure = f"{_scientific(p['fmr_wilson95'])}; {_scientific(p['fmr_people95'])}"
        both = f"{between(p['fnmr_wilson95'])}; {between(p['fnmr_people95'])}"
        rows.append([f"{p['fmr_target']:g}", f"{p['threshold']:.3f}", fmr, sure, percent(p["fnmr"]), both])
    heads = ["FMR", "threshold", "count", "95 % of FMR (Wilson; people)", "FNMR", "95 % of FNMR (Wilson; people)"]
    title = f"## Every photo against every other: EER {percent(c['eer'])}"
    counts = f"{c['genuine_comparisons']} pairs of one person, {c['impostor_comparisons']} of strangers."
    return ["", title, "", counts, "", *markdown_table(heads, rows)]


def markdown_at_gate(measured: list[dict[str, Any]] | None) -> list[str]:
    if not measured:
        return []
    first = measured[0]
    modelled = first["enrolled"] - first["measured"]
    lines = [
        "",
        f"### A gate that {first['eligible']} of {first['enrolled']} enrolled may pass",
        "",
        f"Measured with {first['measured']} people enrolled"
        + (f"; the other {modelled} are modelled, for employees." if modelled else "."),
        f"Attempts of people who may pass {first['eligible_attempts']}, of others {first['others_attempts']}, of "
        f"strangers {first['strangers_attempts']}. One frame.",
    ]

    def missed(row: dict[str, Any], which: str) -> str:
        ends = row[f"eligible_opens_{which}_people95"]
        shown = None if ends is None else [1 - end for end in reversed(ends)]
        return f"{percent(1 - row[f'eligible_opens_{which}'])} {between(shown)}"

    def opened(row: dict[str, Any], who: str) -> str:
        share = row[f"{who}_opens_eligible"]
        return f"{percent(share)} {between(row[f'{who}_opens_eligible_people95'])}"

    rows = [
        [
            f"{r['photos']}",
            percent(r["rate"]),
            missed(r, "all"),
            missed(r, "eligible"),
            percent(r["eligible_lost_to_rivals"]),
            opened(r, "strangers"),
            opened(r, "others"),
        ]
        for r in measured
    ]
    heads = ["photos", "rate set", "FNIR, threshold for all", "FNIR, for those who may", "of that by rivals", "FPIR"]
    heads.append("others who open")
    return [*lines, "", *markdown_table(heads, rows)]


def _groups(g: dict[str, Any] | None) -> list[str]:
    if g is None:
        return []
    keys = list(g["differentials"])
    rows = [
        [name, f"{of['people']}", *(percent(of[key]["rate"]) if key in of else "-" for key in keys)]
        for name, of in g["groups"].items()
    ]
    ratios = [
        "worst / best",
        "",
        *(f"{g['differentials'][key]:.1f}" if g["differentials"][key] else "-" for key in keys),
    ]
    lines = ["", "## By group", "", *markdown_table(["group", "people", *keys], [*rows, ratios])]
    for key, what in (
        ("people_in_no_group", "people of the dataset without a group"),
        ("not_in_dataset", "people in the file of groups who are not in the dataset"),
    ):
        if g[key]:
            few = g[f"{key}_named"][:FEW]
            lines += ["", f"{what.capitalize()}: {g[key]} ({', '.join(few)}{', ...' if g[key] > len(few) else ''})."]
    return lines


def _noise(n: dict[str, Any]) -> list[str]:
    lines = ["", "## Labels that look wrong", ""]
    if n["suspicious_from"] is not None:
        lines.append(
            f"{n['suspicious_pairs']} pairs of different names are more similar than {n['suspicious_from']:.3f}. By "
            "chance there would be one or none. They may be one person under two names, relatives, or a photo in the "
            "wrong folder."
        )
    lines += [f"- {p['similarity']:.3f} {p['photos'][0]} and {p['photos'][1]}" for p in n["between"] if p["suspicious"]]
    if n["odd_photos"]:
        lines.append(f"{n['odd_photos']} photos resemble their person's others less than 1 stranger in 1,000 does:")
    lines += [f"- {p['mean_similarity_to_others']:.3f} {p['photo']} (to {p['others']} others)" for p in n["within"]]
    return lines if len(lines) > 3 else [*lines, "None found."]


def _counts(of: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(of.items())) or "none"


def _scientific(ends: Sequence[float] | None) -> str:
    return "-" if ends is None else f"{ends[0]:.2g} to {ends[1]:.2g}"
