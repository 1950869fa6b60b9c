"""Our scripts, styles and icon. Their address names their content, so browsers keep them for good."""

import re
from hashlib import sha256
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_VERSION = re.compile(r"[0-9a-f]{12}")


def version_of(folder: Path) -> str:
    """Returns 12 hex digits that change with the name or the content of any file in the folder."""
    content = sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content.update(sha256(file.relative_to(folder).as_posix().encode()).digest())
        content.update(sha256(file.read_bytes()).digest())
    return content.hexdigest()[:12]


class VersionedFiles(StaticFiles):
    """Serves `/VERSION/path`, for a year if it is this version's.

    A page that was loaded before an upgrade still gets its scripts, unversioned and not kept.
    """

    def __init__(self, folder: Path, version: str) -> None:
        super().__init__(directory=folder)
        self._version = version

    async def get_response(self, path: str, scope: Scope) -> Response:
        version, _, rest = path.partition("/")
        answer = await super().get_response(rest if _VERSION.fullmatch(version) else path, scope)
        if version == self._version and answer.status_code < 400:
            answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer
