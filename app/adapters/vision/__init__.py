"""Bytes to pixels, pixels to faces, faces to vectors. Only this folder uses OpenCV, Pillow and OpenVINO.

This module runs before any other here imports cv2, which reads both variables once, when it is loaded.
"""

import os

# Otherwise a 109 KB PNG of 30,000 x 30,000 costs 5 GB. The decoder refuses it by its header; this is a second guard.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(250_000_000))
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
