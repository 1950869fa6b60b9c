"""The error codes of what is too large to be taken."""

TOO_LARGE: dict[int, dict[str, str]] = {
    413: {
        "csv_too_large": "The CSV is too large.",
        "disk_full": "The service's disk has no room for the upload.",
        "image_too_large": "The image has too many bytes or pixels.",
        "line_too_long": "A line of the CSV is too long.",
        "request_too_large": "The body is too large.",
        "too_many_cells": "A line of the CSV has too many cells.",
        "too_many_files": "The upload has too many files.",
        "too_many_lines": "The CSV has too many lines.",
        "too_many_rows": "The CSV has too many rows.",
        "zip_bomb": "The zip would grow far beyond its size when unpacked.",
    },
}
