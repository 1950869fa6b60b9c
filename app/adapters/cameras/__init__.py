"""From a camera's address to frames with the time they were received. Only this folder uses PyAV (FFmpeg).

FFmpeg never opens a network connection itself: `link` connects to the address that was checked, and `relay` and
`http_stream` pass the bytes on. So FFmpeg cannot follow a redirect, look a name up again or wait without a limit.
"""
