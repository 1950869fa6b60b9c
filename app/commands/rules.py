"""Commands for the rules of who may pass where and when."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.common import HERE, Data, backbone, err, out
from app.core.access.file_values import MOST_BYTES
from app.core.errors import BadInput
from app.core.types import OPENING

if TYPE_CHECKING:
    from app.services.access.rules.rule_book import RuleChange
    from app.wiring import Backbone

cli = typer.Typer(no_args_is_help=True, help="Read, change and query the rules that say who may pass.")
MOST_NAMES = 10
File = Annotated[Path, typer.Argument(metavar="rules.yaml", exists=True, dir_okay=False, help="YAML or JSON.")]
Gate = Annotated[str, typer.Argument(help="A gate's name or id.")]
At = Annotated[
    str | None, typer.Option(help="When, such as 2026-12-24T07:00 (on this machine's clock) or 2026-12-24T06:00Z.")
]


@cli.command("export")
def export_rules(
    file: Annotated[Path | None, typer.Argument(metavar="[rules.yaml]", help="Where to write; else printed.")] = None,
    data: Data = HERE,
) -> None:
    """Write the rules as YAML. Applying the file changes nothing."""
    with backbone(data) as here:
        version, text = here.rules_text.export()
    if file is None:
        typer.echo(text, nl=False)
        return
    file.write_text(text, encoding="utf-8")
    err.print(f"Version {version} of the rules is in {file}.", markup=False)


@cli.command("apply")
def apply_rules(
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    data: Data = HERE,
) -> None:
    """Make the rules what a file says, all of it or nothing. Applies from the next decision."""
    with backbone(data) as here:
        change = here.rules_text.apply(_read(file), dry_run=dry_run)
        _show(here, change)
        if dry_run:
            out.print(f"Nothing was saved. The rules are at version {change.version}.", markup=False)
        else:
            out.print(f"Saved. The rules are at version {change.version}.", markup=False)


@cli.command("diff")
def diff_rules(file: File, data: Data = HERE) -> None:
    """Say what applying a file would do, and to whom. Changes nothing."""
    with backbone(data) as here:
        _show(here, here.rules_text.apply(_read(file), dry_run=True))


@cli.command("explain")
def explain(
    person: Annotated[str, typer.Argument(help="An employee's number or id.")],
    gate: Gate,
    at: At = None,
    data: Data = HERE,
) -> None:
    """Say whether a person may pass a gate, and what each rule has to do with it."""
    with backbone(data) as here:
        answer = here.rule_questions.explain(person, gate, _moment(at))
    verdict = "may pass" if answer.reason in OPENING else "may not pass"
    out.print(f"{answer.employee.name} {verdict} {answer.gate.name}: {answer.reason}", markup=False)
    out.print(answer.explanation.words, markup=False)
    for rule in answer.explanation.rules:
        out.print(f"  {'allows' if not rule.failed else 'no    '}  {rule.rule.name}", markup=False)
        for condition in rule.conditions:
            mark = "✓" if condition.passed else "✗"
            out.print(f"          {mark} {condition.kind.value}: {condition.words}", markup=False)
    out.print(f"Rules at version {answer.explanation.version}.", markup=False)


@cli.command("who")
def who(gate: Gate, at: At = None, data: Data = HERE) -> None:
    """List the employees who may pass a gate."""
    with backbone(data) as here:
        for employee in here.rule_questions.who(gate, _moment(at)):
            typer.echo(f"{employee.number}\t{employee.name}")


def _read(file: Path) -> bytes:
    """At most one byte more than is allowed: enough to see that a file is too large."""
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def _show(here: "Backbone", change: "RuleChange") -> None:
    out.print(change.difference.words, markup=False)
    with here.store.read() as tx:
        for gate in change.difference.gates:
            out.print(gate.name, markup=False)
            for words, ids in (
                ("loses", gate.lost),
                ("gains", gate.gained),
                ("fewer hours", gate.less),
                ("more hours", gate.more),
            ):
                shown = [employee.name for one in ids[:MOST_NAMES] if (employee := tx.employees.get(one))]
                more = f" and {len(ids) - MOST_NAMES} more" if len(ids) > MOST_NAMES else ""
                if ids:
                    out.print(f"  {words}: {', '.join(shown)}{more}", markup=False)
            if gate.nobody_left:
                out.print("  nobody is left who may pass", markup=False)
    for warning in change.warnings:
        err.print(f"warning: {warning.path}: {warning.detail}", markup=False)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as e:
        raise BadInput("bad_at", "Write a time such as 2026-12-24T07:00.") from e
