"""A web server on loopback that answers wrongly on purpose, path by path.

    server = BadServer()
    url = server.serve("/file", Answer(content, cut_at=1000), Answer(content))

The first request for the path gets the first answer, and so on; the last one is repeated.
"""

import dataclasses
import http.server
import re
import threading
import time
import urllib.parse


@dataclasses.dataclass
class Answer:
    """How one request is answered; without any wishes, as a good server would."""

    body: bytes = b""
    status: int = 200
    headers: dict = dataclasses.field(default_factory=dict)
    etag: str | None = None  # quoted; with one, ranges are served
    declared_length: int | None = None  # Content-Length that is sent, true or not; -1: none is
    cut_at: int | None = None  # bytes of this answer after which the connection is closed
    delay_s: float = 0.0  # silence in the middle of the body
    drip: tuple | None = None  # (bytes, seconds): so many at a time, with so long between
    ranges: str = "good"  # "ignored": always the whole; "wrong": one byte too far
    abrupt: bool = False  # closes before it says anything


class BadServer:
    """Serves the answers, and remembers what was asked."""

    def __init__(self):
        self.paths = {}
        self.requests = []  # (path, headers)
        self.sent = 0  # bytes of bodies
        self._lock = threading.Lock()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                owner._serve(self)

            def log_message(self, *arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,),
                                        daemon=True)
        self._thread.start()

    def serve(self, path, *answers):
        """How `path` is answered from now on, request by request; returns its URL."""
        self.paths[path] = list(answers)
        return f"http://127.0.0.1:{self.port}{urllib.parse.quote(path)}"

    def asked(self, path):
        """The headers of all requests for a path."""
        return [headers for other, headers in self.requests if other == path]

    def forget(self):
        """Forgets what was asked and sent so far."""
        with self._lock:
            self.requests.clear()
            self.sent = 0

    def _serve(self, handler):
        path = urllib.parse.unquote(handler.path.split("?")[0])
        with self._lock:
            self.requests.append((path, dict(handler.headers)))
            answers = self.paths.get(path)
            answer = answers.pop(0) if answers and len(answers) > 1 else answers and answers[0]
        handler.close_connection = True
        if not answer:
            handler.send_error(404)
        elif not answer.abrupt:
            self._answer(handler, answer)

    def _answer(self, handler, answer):
        status, body, headers = answer.status, answer.body, dict(answer.headers)
        if answer.etag:
            headers["ETag"] = answer.etag
        start = self._range_start(handler, answer)
        if start is not None:
            status, body = 206, body[start:]
            shift = 1 if answer.ranges == "wrong" else 0
            headers["Content-Range"] = \
                f"bytes {start - shift}-{len(answer.body) - 1 - shift}/{len(answer.body)}"
        length = len(body) if answer.declared_length is None else answer.declared_length
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if length >= 0:
            handler.send_header("Content-Length", str(length))
        handler.send_header("Connection", "close")
        handler.end_headers()
        try:
            for piece in self._pieces(answer, body if answer.cut_at is None
                                      else body[:answer.cut_at]):
                handler.wfile.write(piece)
                handler.wfile.flush()
                with self._lock:
                    self.sent += len(piece)
        except OSError:
            pass  # the client hung up, as it may

    @staticmethod
    def _range_start(handler, answer):
        """Where a range begins that is to be served, else None."""
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        unchanged = handler.headers.get("If-Range", answer.etag) == answer.etag
        if not asked or not answer.etag or not unchanged or answer.ranges == "ignored":
            return None
        return int(asked[1])

    @staticmethod
    def _pieces(answer, body):
        if answer.drip:
            size, pause_s = answer.drip
            for start in range(0, len(body), size):
                yield body[start:start + size]
                time.sleep(pause_s)
            return
        yield body[:len(body) // 2]
        time.sleep(answer.delay_s)
        yield body[len(body) // 2:]

    def stop(self):
        """Ends the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
