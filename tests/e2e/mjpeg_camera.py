"""A network camera: motion JPEG over HTTP, a process of its own, so that it can be killed and can live in a network of
its own. Any Python runs it.

usage: mjpeg_camera.py HOST PORT FPS FOLDER   Prints its port. Plays the folder's pictures in a loop.
"""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOST, PORT, FPS, FOLDER = sys.argv[1:]
PICTURES = [file.read_bytes() for file in sorted(Path(FOLDER).glob("*.jpg"))]


class Camera(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        began = time.monotonic()
        try:
            while True:
                number = round((time.monotonic() - began) * float(FPS))
                picture = PICTURES[number % len(PICTURES)]
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                self.wfile.write(head.encode() + picture + b"\r\n")
                time.sleep(max(0.0, began + (number + 1) / float(FPS) - time.monotonic()))
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        pass


server = ThreadingHTTPServer((HOST, int(PORT)), Camera)
server.daemon_threads = True
sys.stdout.write(f"{server.server_port}\n")
sys.stdout.flush()
server.serve_forever()
