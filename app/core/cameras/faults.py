"""Why a camera gives no picture, and what to do about it."""

from enum import StrEnum

# Without a whole picture for this long a connection is given up: the watchdog has 5 s to notice.
SILENT_S = 4.0


class SourceFault(StrEnum):
    """What is wrong, in words that hold no address. A name in lower case is the fault's code."""

    UNKNOWN_HOST = "the camera's host name is not known in this network"
    UNREACHABLE = "the camera cannot be reached: nothing answers at its port"
    NO_ANSWER = "the camera did not answer within 4 s"
    LOGIN_REFUSED = "the camera refuses the user name or password"
    LOGIN_UNSUPPORTED = "the camera asks for an unsupported login method"
    FORBIDDEN = "the camera forbids this stream"
    NO_STREAM = "the camera has no stream under this path"
    TOO_BUSY = "the camera is too busy"
    NO_BANDWIDTH = "the camera has no bandwidth left for another viewer"
    NO_TCP = "the camera does not offer RTSP over TCP"
    REDIRECTS = "the camera redirects to another address; set that one if it is right"
    NOT_RTSP = "this is not an RTSP camera"
    NOT_HTTP = "this is not an HTTP camera"
    NOT_A_PICTURE = "the address returns neither a motion JPEG stream nor a JPEG picture"
    NO_JPEG = "the camera sends no whole JPEG"
    NO_VIDEO = "the stream has no video"
    UNSUPPORTED_VIDEO = "the video format is not supported"
    UNDECODABLE = "the stream is not video that can be decoded"
    INCOMPLETE = "no complete picture arrived: the stream cannot be decoded"
    TOO_LARGE = "the pictures are larger than 24 megapixels"
    FLOOD = "64 MB arrived without a complete picture"
    SILENT = "no picture came for 4 s"
    NO_FIRST = "no picture came for 8 s"
    SAME_PICTURE = "the camera sends the same picture again and again"
    NOT_ENCRYPTED = "no encrypted connection could be made"
    NOT_TRUSTED = "the camera's certificate is not trusted; name its digest in the address: #sha256=HEX"
    OTHER_CERTIFICATE = "the camera shows another certificate than the one named in its address"
    ENDED = "the camera ended the stream"
    NO_DEVICE = "there is no such device or file"
    NOT_PERMITTED = "no permission to read it"

    @property
    def code(self) -> str:
        return self.name.lower()

    @property
    def advice(self) -> str:
        """One sentence that says what to do."""
        return _ADVICE[self]


_PATH = "Look up the path of its stream in the camera's manual or menu."
_SCHEME = "Check that the address begins as the camera's manual says: rtsp:// or http://."
_LOAD = "Close other viewers of this camera, or choose its second, smaller stream."
_SLOW = "Check its cable or wireless link, and choose a smaller stream in its menu."
_FORMAT = "Set the stream to H.264, H.265 or motion JPEG in the camera's menu."
_ADVICE = {
    SourceFault.UNKNOWN_HOST: "Check the name, or write the camera's IP address instead.",
    SourceFault.UNREACHABLE: "Check the address and the port, and that the camera is switched on.",
    SourceFault.NO_ANSWER: "Check the address, the camera's power, and the network between it and this machine.",
    SourceFault.LOGIN_REFUSED: "Type both again. Some cameras have a user of their own for video.",
    SourceFault.LOGIN_UNSUPPORTED: "Set Basic or Digest login in the camera's menu.",
    SourceFault.FORBIDDEN: "Let this user watch the stream in the camera's menu, or name another user.",
    SourceFault.NO_STREAM: _PATH,
    SourceFault.TOO_BUSY: _LOAD,
    SourceFault.NO_BANDWIDTH: _LOAD,
    SourceFault.NO_TCP: "Allow RTSP over TCP in the camera's menu.",
    SourceFault.REDIRECTS: "Type the address to which the camera redirects.",
    SourceFault.NOT_RTSP: _SCHEME,
    SourceFault.NOT_HTTP: _SCHEME,
    SourceFault.NOT_A_PICTURE: _PATH,
    SourceFault.NO_JPEG: _PATH,
    SourceFault.NO_VIDEO: _PATH,
    SourceFault.UNSUPPORTED_VIDEO: _FORMAT,
    SourceFault.UNDECODABLE: _FORMAT,
    SourceFault.INCOMPLETE: _SLOW,
    SourceFault.TOO_LARGE: "Choose a smaller picture in the camera's menu; 1280 x 720 is enough.",
    SourceFault.FLOOD: _PATH,
    SourceFault.SILENT: _SLOW,
    SourceFault.NO_FIRST: "Set its key frame interval to one second in the camera's menu, or choose a smaller stream.",
    SourceFault.SAME_PICTURE: "Restart the camera.",
    SourceFault.NOT_ENCRYPTED: "Check that the camera offers TLS at this port, or use rtsp:// or http:// instead.",
    SourceFault.NOT_TRUSTED: "Add the digest of the camera's certificate to the address.",
    SourceFault.OTHER_CERTIFICATE: (
        "If you changed its certificate, put the new digest into the address. Otherwise find out who answers there."
    ),
    SourceFault.ENDED: _LOAD,
    SourceFault.NO_DEVICE: "Check that it is plugged in, and its number or path.",
    SourceFault.NOT_PERMITTED: "Let the service's user read it.",
}


def fault_in(words: str) -> SourceFault | None:
    """Returns the fault that these words say, alone or behind what a watchdog says of it; None for any other words."""
    return next((fault for fault in SourceFault if words == fault or words.endswith(f": {fault}")), None)
