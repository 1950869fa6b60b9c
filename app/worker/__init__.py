"""Watches cameras: a capture thread for each, recognition of the newest frame, a watchdog, leases between processes."""
