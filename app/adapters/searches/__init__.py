"""Looks for what an erasure should have removed, outside the database."""
