"""A client whose callers share one connection: each writes its request at once, replies come in the order of the requests."""

import collections
import concurrent.futures
import http.client
import socket
import threading


class Pipeline:
    """For threads: a caller writes its own request, a thread of the client reads all replies."""

    def __init__(self, host, port):
        self._socket = socket.create_connection((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host = f"{host}:{port}"
        self._lock = threading.Lock()  # requests are written in the order in which their callers wait
        self._waiting = collections.deque()
        threading.Thread(target=self._read, daemon=True).start()

    def get(self, path):
        """GETs the path. Returns the status."""
        reply = concurrent.futures.Future()
        request = f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode()
        with self._lock:
            self._waiting.append(reply)
            self._socket.sendall(request)
        return reply.result()

    def _read(self):
        replies = self._socket.makefile("rb")
        while True:
            status = int(replies.readline().split()[1])
            replies.read(int(http.client.parse_headers(replies)["Content-Length"]))
            self._waiting.popleft().set_result(status)
