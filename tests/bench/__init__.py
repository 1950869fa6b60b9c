"""Measurements, run by `make bench`. Nothing here is a test: a timing on a shared machine proves nothing by itself, so
each figure is a ratio within one run, with its sample count."""
