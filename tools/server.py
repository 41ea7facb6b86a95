"""The built pages served on this machine: `make serve` for readers, and for tests as a careful host would serve them.

Such a host compresses, keeps them under a path and allows nothing foreign.
"""

import gzip
import mimetypes
import sys
import threading
from contextlib import contextmanager, suppress
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

SITE = Path(__file__).resolve().parent.parent / "_build/html"
PREFIX = "/some/where/"
POLICY = "default-src 'self'"
TEXTS = {".html", ".css", ".js", ".svg", ".ipynb"}


@cache
def content(path):
    """(bytes, type, whether compressed) of a file."""
    data = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if path.suffix in TEXTS:
        return gzip.compress(data, 9, mtime=0), kind, True
    return data, kind, False


@contextmanager
def serve(site):
    """Serve the folder `site` on this machine only; the address of its root."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            path = unquote(urlsplit(self.path).path)
            file = Path(site, path.removeprefix(PREFIX)).resolve()
            if file.is_dir():
                file /= "index.html"
            if not path.startswith(PREFIX) or not file.is_relative_to(Path(site).resolve()) or not file.is_file():
                return self.send_error(404)
            data, kind, compressed = content(file)
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Cache-Control", "max-age=31536000")
            if compressed:
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            with suppress(ConnectionError):  # the page that asked may be closed by now
                self.wfile.write(data)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    finally:
        server.shutdown()
        server.server_close()
        content.cache_clear()


def main(port="8000"):
    if not port.isdecimal():
        sys.exit(f"lossbook: PORT is a number, as in `make serve PORT=8001`, got {port}")
    try:
        server = ThreadingHTTPServer(("localhost", int(port)), partial(SimpleHTTPRequestHandler, directory=SITE))
    except (OSError, OverflowError) as error:
        sys.exit(f"lossbook: port {port} cannot be had: {error}: take another, as in `make serve PORT=8001`")
    print(f"The pages are at http://localhost:{port}", flush=True)
    with server, suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
