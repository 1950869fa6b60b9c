"""Builds what raises alerts about the database, and what takes alerts out."""
