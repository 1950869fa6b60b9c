"""Makes a picture for a row of the log: the one that the gate kept, scaled down and no larger than it is shown."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.types import Pixels
from app.services.events.event_list import EventList
from app.services.recognition.recognition import snapshot

HEIGHT_PX = 96  # a row shows 44, and sharp screens have two pixels in one


@dataclass(frozen=True)
class EventFaces:
    events: EventList
    decode: Callable[[bytes], Pixels]
    encode: Callable[[Pixels], bytes]

    def of(self, event_id: str) -> bytes:
        """JPEG bytes. Raises NotFound for an event without a picture."""
        return self.encode(snapshot(self.decode(self.events.snapshot(event_id)), None, HEIGHT_PX))
