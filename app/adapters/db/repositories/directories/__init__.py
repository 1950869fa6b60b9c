"""Rows of directories and of what they sent."""
