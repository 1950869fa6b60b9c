"""Builds what removes personal data, on time or at once, and proves it."""
