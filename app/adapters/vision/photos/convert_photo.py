"""A separate program: reads one HEIC, WebP or AVIF photo on stdin and writes it as an upright JPEG to stdout.

Decoders of these formats have had holes that let a picture run code (libheif 2026, libwebp 2023), and a crash would
take the gates down. So they run in a process without secrets, with bounded memory and time. It imports nothing of the
service. Usage: python -I convert_photo.py FORMAT MOST_PIXELS MOST_KEPT_PIXELS
"""

import io
import resource
import sys
import warnings

MEMORY_BYTES = 1_500_000_000  # address space, the interpreter's own included: a HEIC of 50 megapixels takes 0.7 GB
SECONDS = 20
QUALITY = 95
# Exit codes besides 0. Any other end means damage.
TOO_MANY_PIXELS, ANIMATED, TRANSPARENT, MISSING = 10, 11, 12, 13


def main(form: str, most_pixels: int, most_kept: int) -> int:
    for what, most in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(what, (most, most))
    data = sys.stdin.buffer.read()
    from PIL import Image, ImageOps

    if form == "HEIF":
        try:
            import pillow_heif
        except ImportError:
            return MISSING
        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.options.THUMBNAILS = pillow_heif.options.DEPTH_IMAGES = pillow_heif.options.AUX_IMAGES = False
        pillow_heif.register_heif_opener()
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # we have our own limit, and the memory is bounded
    picture = Image.open(io.BytesIO(data), formats=(form,))
    if picture.width * picture.height > most_pixels:
        return TOO_MANY_PIXELS
    if form != "HEIF" and getattr(picture, "n_frames", 1) > 1:  # further pictures in a HEIF are not an animation
        return ANIMATED
    picture.load()
    if picture.mode in ("RGBA", "LA", "PA") and picture.getchannel("A").tobytes().strip(b"\xff"):
        return TRANSPARENT
    by = 1
    while picture.width * picture.height > most_kept * by * by:
        by *= 2
    upright = ImageOps.exif_transpose(picture.reduce(by).convert("RGB") if by > 1 else picture.convert("RGB"))
    upright.info.clear()  # we do not need the place and time of the photo
    upright.save(sys.stdout.buffer, "JPEG", quality=QUALITY, subsampling=0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
