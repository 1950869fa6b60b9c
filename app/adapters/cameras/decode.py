"""Decodes packets into frames: one thread, bounded size, upright, BGR. The same for every kind of source."""

from collections.abc import Iterator

import av
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from app.core.cameras.faults import SourceFault
from app.core.errors import SourceFailed
from app.core.types import Pixels

MAX_PIXELS = 24_000_000
# For FFmpeg, which would otherwise believe a header's size and allocate the memory.
BOUNDS = {"max_pixels": str(MAX_PIXELS)}


def video_stream(container: av.container.InputContainer) -> VideoStream:
    """The first video stream, set up to decode with the least delay. Raises SourceFailed."""
    if not container.streams.video:
        raise SourceFailed(SourceFault.NO_VIDEO)
    stream = container.streams.video[0]
    codec = stream.codec_context
    if codec is None:
        raise SourceFailed(SourceFault.UNSUPPORTED_VIDEO)
    # Each frame thread would hold back a frame, and two cameras share two cores with the recognition.
    codec.thread_type = "SLICE"
    codec.thread_count = 1
    codec.flags |= av.codec.context.Flags.low_delay
    codec.options = BOUNDS
    return stream


def pictures(packet: "Packet[VideoStream]") -> Iterator[tuple[VideoFrame, Pixels]]:
    """The pictures that a packet completes. Raises FFmpegError, and SourceFailed for one that is too large."""
    for frame in packet.decode():
        if isinstance(frame, VideoFrame) and not frame.is_corrupt:
            yield frame, to_pixels(frame)


def to_pixels(frame: VideoFrame) -> Pixels:
    """(height, width, 3) uint8 BGR, turned upright as the metadata says. Raises SourceFailed over 24 megapixels."""
    if frame.width * frame.height > MAX_PIXELS:
        raise SourceFailed(SourceFault.TOO_LARGE)
    pixels = np.asarray(frame.to_ndarray(format="bgr24", threads=1), np.uint8)
    quarter_turns = round(frame.rotation / 90) % 4  # counter-clockwise, as numpy turns
    return np.ascontiguousarray(np.rot90(pixels, quarter_turns)) if quarter_turns else pixels
