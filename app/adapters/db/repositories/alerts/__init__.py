"""Alerts, and who gets them outside this service."""
