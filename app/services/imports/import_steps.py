"""Runs the steps of the thread that imports, which must survive every fault."""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

from app.core.errors import FacegateError

logger = logging.getLogger(__name__)


@dataclass
class ImportSteps:
    """_failing: the last logged fault of each step that fails."""

    _failing: dict[str, str] = field(default_factory=dict, repr=False)

    def surely(self, what: str, work: Callable[[], bool | None]) -> bool:
        """Runs the work and returns its result; False if it fails. A fault is logged once while it lasts.

        Of an unknown error only kind and place are logged: the text may hold a name.
        """
        try:
            found = bool(work())
        except Exception as error:
            words = str(error) if isinstance(error, FacegateError) else place_of(error)
            if self._failing.get(what) != words:
                logger.error('import_step_failed step="%s" why="%s" next=retry', what, words)
            self._failing[what] = words
            return False
        self._failing.pop(what, None)
        return found


def place_of(error: Exception) -> str:
    """Returns the kind of an error and where it was raised, without its text."""
    at = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {at.name}, line {at.lineno}"
