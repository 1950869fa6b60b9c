"""The camera loop: a capture thread a camera, recognition of the newest frame, a watchdog, leases between processes."""
