"""Commands that list certificates of erasures, print one, and verify one that somebody kept."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.commands.common import HERE, Data, backbone, err, out
from app.core.errors import Fault

cli = typer.Typer(no_args_is_help=True, help="Read certificates of erasures, and verify them.")
MOST_SHOWN = 200


@cli.command("list")
def show_all(data: Data = HERE) -> None:
    """List the newest certificates. `left` is what the search after the erasure found."""
    with backbone(data) as here:
        found = here.certificates.all(MOST_SHOWN)
    for one in found:  # no table: a narrow terminal would cut the ids
        left = "searching" if one.found is None else f"left: {one.found}"
        if one.complete is False:
            left += ", search incomplete"
        out.print(f"{one.id}  {one.asked_at:%Y-%m-%d %H:%M} UTC  {one.scope.value} {one.employee_id}  {left}")


@cli.command("certificate")
def certificate(
    certificate_id: Annotated[str, typer.Argument(metavar="CERTIFICATE", help="Its id, as `erasures list` shows it.")],
    data: Data = HERE,
) -> None:
    """Print a signed certificate as JSON."""
    from app.services.people.certificates.certificate_book import signed

    with backbone(data) as here:
        document = signed(here.certificates.get(certificate_id))
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


@cli.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="The certificate.", exists=True, dir_okay=False)],
    public_key: Annotated[
        str | None, typer.Option(help="The site's key, as GET /v1/signing-key gives it; without it, this site's.")
    ] = None,
    data: Data = HERE,
) -> None:
    """Check that a site signed this certificate as it is. With --public-key no installation is needed."""
    from app.adapters.crypto.signing import signed_by
    from app.core.people.certificates import message

    try:
        document = json.loads(file.read_bytes())
        signature, content = str(document["signature"]), message(document)
        left = int(document["search"]["found"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Fault(f"{file.name} is no certificate of an erasure") from None
    if public_key is None:
        with backbone(data) as here:
            public_key = here.signer.public_key()
    if not signed_by(public_key, content, signature):
        err.print("BAD: the site did not sign this certificate as it is.")
        raise typer.Exit(1)
    out.print("The site signed this certificate as it is.")
    out.print("Nothing was left." if not left else f"{left} was left: `left` in the file says where.")
