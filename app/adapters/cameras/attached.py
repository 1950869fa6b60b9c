"""The cameras that are plugged into this machine, as Linux lists them."""

from dataclasses import dataclass
from pathlib import Path

LISTED = Path("/sys/class/video4linux")


@dataclass(frozen=True)
class AttachedCamera:
    """url: its address, such as device:0. name: what it calls itself."""

    url: str
    name: str


def attached(listed: Path | None = None) -> list[AttachedCamera]:
    """By number; none where there is no such list. Most cameras have two entries: the second is for metadata only."""
    found = []
    for entry in sorted((listed or LISTED).glob("video*"), key=lambda entry: (len(entry.name), entry.name)):
        try:
            name, index = (entry / "name").read_text("utf-8", "replace"), (entry / "index").read_text("ascii").strip()
        except (OSError, ValueError):  # unplugged at this moment
            continue
        number = entry.name.removeprefix("video")
        if index == "0" and number.isdecimal():
            shown = "".join(one for one in name if one.isprintable()).strip()
            found.append(AttachedCamera(f"device:{number}", shown[:64] or entry.name))
    return found
