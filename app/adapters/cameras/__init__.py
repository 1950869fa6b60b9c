"""Watching: a camera's address to pictures with the time they were received. PyAV (FFmpeg) is named only here.

FFmpeg never meets the network itself: `link` connects to the address that was checked, `relay` and `http_stream` hand
on what comes. So no redirect, no second name look-up and no unguarded wait can happen inside it.
"""
