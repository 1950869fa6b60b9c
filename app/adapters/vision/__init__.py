"""Seeing: bytes to pixels, pixels to faces, faces to vectors. OpenCV, Pillow and OpenVINO are named only here.

This runs before any module here imports cv2, which reads both variables once, when it is loaded.
"""

import os

# A 109 KB PNG of 30,000 x 30,000 otherwise costs 5 GB; the decoder refuses by the header first, this is a second lock.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(250_000_000))
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
