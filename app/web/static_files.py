"""Our scripts, styles and icon. Their address names their content, so browsers keep them for good."""

import re
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_VERSION = re.compile(r"[0-9a-f]{12}")


def version_of(folder: Path, others: Iterable[Path] = ()) -> str:
    """Returns 12 hex digits that change with the name or the content of any file. others: of which files are made."""
    content = sha256()
    for file in [*sorted(path for path in folder.rglob("*") if path.is_file()), *others]:
        name = file.relative_to(folder) if file.is_relative_to(folder) else Path(file.name)
        content.update(sha256(name.as_posix().encode()).digest())
        content.update(sha256(file.read_bytes()).digest())
    return content.hexdigest()[:12]


class VersionedFiles(StaticFiles):
    """Serves `/VERSION/path`, for a year if it is this version's.

    A page that was loaded before an upgrade still gets its scripts, unversioned and not kept.

    Args:
        made: what makes a script that is in no folder, by its path.
    """

    def __init__(self, folder: Path, version: str, made: Mapping[str, Callable[[], bytes]]) -> None:
        super().__init__(directory=folder)
        self._version = version
        self._made = made

    async def get_response(self, path: str, scope: Scope) -> Response:
        version, _, rest = path.partition("/")
        wanted = rest if _VERSION.fullmatch(version) else path
        made = self._made.get(wanted)
        if made is None:
            answer = await super().get_response(wanted, scope)
        else:
            answer = Response(made(), media_type="text/javascript")
        if version == self._version and answer.status_code < 400:
            answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer
