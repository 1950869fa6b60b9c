"""A camera's live picture for whoever mounts it: shown and never stored, with its faces, compared to nobody."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.cameras.faults import SourceFault
from app.core.errors import Busy, SourceFailed
from app.core.ports.cameras import Source
from app.core.types import Pixels
from app.services.cameras.camera_list import Address
from app.services.recognition.recognition import SurveyedFace

FIRST_S = 8.0  # some cameras send a whole picture only every 4 s, and connecting takes up to 4 s
EVERY_S = 0.2
LONGEST_S = 60.0  # then the page asks again, so a forgotten tab costs nothing for long
LONGER_SIDE_PX = 960
SMALL_PX = 320


@dataclass(frozen=True)
class View:
    """One picture. faces: None while all engines are needed at gates.

    Attributes:
        picture: JPEG, upright, its longer side at most 960 px.
        width_px, height_px: of the camera's own picture, upright. Boxes of faces are in its pixels.
    """

    picture: bytes
    width_px: int
    height_px: int
    at: datetime
    faces: Sequence[SurveyedFace] | None


class LiveView:
    """The pictures of one source. One thread takes them; any may close it.

    Args:
        survey: The faces of a picture. Raises Busy.
        encode: A picture as JPEG, and how long its longer side may be.
        turn: Turns a picture upright.
    """

    def __init__(
        self,
        source: Source,
        survey: Callable[[Pixels], Sequence[SurveyedFace]],
        encode: Callable[[Pixels, int], bytes],
        turn: Callable[[Pixels], Pixels],
        *,
        first_s: float = FIRST_S,
        longest_s: float = LONGEST_S,
    ) -> None:
        self._source = source
        self._survey = survey
        self._encode = encode
        self._turn = turn
        self._first_s = first_s
        self._longest_s = longest_s
        self._late = False

    def views(self) -> Iterator[View]:
        """Yields about five pictures a second for at most a minute. Raises SourceFailed.

        Every picture is taken, because a stream that is read too slowly falls apart; only some are looked at.
        """
        began = time.monotonic()
        watch = threading.Timer(self._first_s, self._give_up)
        watch.daemon = True
        watch.start()
        try:
            due = began
            while time.monotonic() < began + self._longest_s:
                got = self._read()
                watch.cancel()
                if got is None:
                    return
                if time.monotonic() >= due:
                    due = time.monotonic() + EVERY_S
                    yield self._view(self._turn(got[0]), got[1])
        finally:
            watch.cancel()
            self._source.close()

    def close(self) -> None:
        """Ends `views`. It is safe to call twice."""
        self._source.close()

    def _give_up(self) -> None:
        self._late = True
        self._source.close()

    def _read(self) -> tuple[Pixels, datetime] | None:
        try:
            return self._source.read()
        except SourceFailed:
            if self._late:
                raise SourceFailed(SourceFault.NO_FIRST) from None
            raise

    def _view(self, pixels: Pixels, at: datetime) -> View:
        try:
            faces = self._survey(pixels)
        except Busy:
            faces = None
        height, width = pixels.shape[:2]
        return View(self._encode(pixels, LONGER_SIDE_PX), width, height, at, faces)


@dataclass(frozen=True)
class LiveViews:
    """Makes live views. open: a source that connects at its first read; raises BadInput for a forbidden address."""

    open: Callable[[Address], Source]
    survey: Callable[[Pixels], Sequence[SurveyedFace]]
    encode: Callable[[Pixels, int], bytes]
    turn: Callable[[Pixels, int], Pixels]

    def of_address(self, address: Address) -> LiveView:
        """The view over a connection of its own."""
        return self.of_source(self.open(address), address.rotation)

    def of_source(self, source: Source, degrees: int = 0) -> LiveView:
        """The view of a source whose pictures are to be turned clockwise by so much."""
        return LiveView(source, self.survey, self.encode, lambda pixels: self.turn(pixels, degrees))
