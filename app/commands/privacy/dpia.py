"""The command that prints the facts for a data protection impact assessment."""

from app.commands.common import HERE, Data, backbone, out


def dpia(data: Data = HERE) -> None:
    """Print what a data protection officer asks for, from the settings that are in force, as Markdown."""
    with backbone(data) as here:
        made_at, sections = here.clock(), here.assessment.sections()
    out.print(f"# Facts for a data protection impact assessment, {made_at:%Y-%m-%d %H:%M} UTC\n", markup=False)
    for section in sections:
        out.print(f"## {section.title}\n\n| | |\n|---|---|", markup=False)
        for what, is_so in section.facts:
            out.print(f"| {what} | {is_so} |".replace("\n", " "), markup=False)
        out.print()
