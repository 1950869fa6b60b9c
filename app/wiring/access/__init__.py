"""Builds passages and visits."""
