"""What sealed records are bound to, so that no record opens as another.

Sealed bytes open only under the context that they were sealed with. A photo that somebody moves to another employee, or
into the place of a template, therefore does not open. This holds only if no two records have the same context, so all
contexts are made here: each begins with the prefix of its kind, no prefix is the beginning of another, and no id
contains the separator, except the last. The texts are stored in nothing but what they seal, and must never change.
"""

from enum import StrEnum

_SEPARATOR = ":"


class Sealed(StrEnum):
    """The kinds of sealed records, by prefix. In parentheses: the ids that a context of this kind takes."""

    PERSON = "person "  # (employee): what names them
    DIRECTORY_PERSON = "directory person "  # (employee): what a directory sent about them
    PHOTO = "photo:"  # (employee): a picture
    PORTRAIT = "portrait:"  # (employee): a small picture, in memory alone
    EMBEDDING = "embedding:"  # (employee): of a picture
    TEMPLATE = "template:"  # (employee)
    PICTURE_DIGEST = "picture-digest:"  # (employee): by which a photo is known when it is sent again
    CREDENTIAL = "credential:"  # (credential): what its holder presents
    VISIT = "visit:"  # (visit): company, reason and link
    DOCUMENT = "document:"  # (document): kind and last four of a contractor's document
    GATE_FACE = "gate face:"  # (face): a picture of somebody who is enrolled by badge
    GATE_FACE_VECTOR = "gate-face-vector:"  # (face)
    BADGE_READ = "badge read:"  # (gate, time in ms, credential or "unknown")
    PIN_WAIT = "pin wait:"  # (gate, time in ms, employee)
    EVENT_PAYLOAD = "event payload "  # (event)
    EVENT_SNAPSHOT = "event snapshot "  # (event): its pictures
    UNKNOWN_FACE = "unknown face "  # (event): of its picture, in memory alone
    CAMERA_URL = "camera-url:"  # (camera)
    GATE_CONFIG = "gate-config:"  # (gate): its driver's settings
    RECEIVER = "receiver:"  # (receiver): its address and secret
    PROVIDER = "provider-secret:"  # (issuer): an address, which may contain the separator
    UPLOAD = "upload:"  # (import, file, piece)
    SAVED_VIEW = "saved view "  # (user, view): filters, which may hold a name
    IMPORT_TOLD = "import told:"  # (import): what it reports as a whole
    IMPORT_ROW = "import row:"  # (import, line)
    IMPORT_PICTURE = "import picture:"  # (import, line)
    IMPORT_MAPPING = "import mapping:"  # (fingerprint of a header)


def context(kind: Sealed, *ids: str | int) -> str:
    """The context of one record. Raises ValueError for an id by which it could be taken for another."""
    texts = [str(one) for one in ids]
    if not all(texts) or any(_SEPARATOR in text for text in texts[:-1]):
        raise ValueError("an id is empty or contains the separator")
    return kind.value + _SEPARATOR.join(texts)
