"""Builds what takes alerts out."""
