"""Sends requests over many connections at once and checks every answer to the byte.

Each request's path ends in a token of its own: PREFIX-client-number. GETs must name the token in their answer, POSTs
carry random bytes and must get the same ones back. A request that takes longer than --timeout has failed. Prints one
JSON object: requests, failed, the first errors, slowest_s and the connections opened.

usage: python3 -m tests.support.load --url URL --path /checkout/ [--clients N] [--requests N | --seconds S] ...
"""

import argparse
import hashlib
import http.client
import json
import os
import threading
import time
import urllib.parse


class Client(threading.Thread):
    def __init__(self, options, number, deadline):
        super().__init__(daemon=True)
        self._options = options
        self._number = number
        self._deadline = deadline
        self._connection = http.client.HTTPConnection(
            urllib.parse.urlsplit(options.url).netloc,
            timeout=None if options.blocking else options.timeout,
        )
        self.requests = 0
        self.connections = 0
        self.errors = []
        self.slowest = 0.0

    def run(self):
        journal = self._options.journal
        for count in range(self._options.requests):
            if self._deadline is not None and time.monotonic() > self._deadline:
                break
            token = f"{self._options.prefix}-{self._number}-{count}"
            begin = time.monotonic()
            if journal:
                journal.write(f"{token} {time.time()}\n".encode())
            try:
                self._one(token, count)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.errors.append(f"{token}: {type(error).__name__}: {error}")
                self._connection.close()
            self.slowest = max(self.slowest, time.monotonic() - begin)
            self.requests += 1
            if self._options.pause:
                time.sleep(self._options.pause)
        self._connection.close()

    def _one(self, token, count):
        paths = self._options.path
        size = self._options.body_bytes
        body = os.urandom(size) if size else None
        if self._connection.sock is None:
            self.connections += 1
        self._connection.request(
            "POST" if size else "GET",
            paths[(self._number + count) % len(paths)] + token,
            body=body,
            headers={"Connection": "close"} if self._options.close else {},
        )
        answer = self._connection.getresponse()
        received = answer.read()
        if self._options.close:
            self._connection.close()  # not every server says that it closes
        if answer.status != 200:
            raise ValueError(f"status {answer.status}: {received[:200]!r}")
        if size and hashlib.sha256(received).digest() != hashlib.sha256(body).digest():
            raise ValueError(f"{len(received)} other bytes came back for {size}")
        if not size and token.encode() not in received:
            raise ValueError(f"someone else's answer: {received[:200]!r}")


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--path", action="append", help="several are taken in turn")
    parser.add_argument("--prefix", default="t")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--requests", type=int, default=10**9, help="of each client")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--body-bytes", type=int, default=0)
    parser.add_argument("--pause", type=float, default=0, help="seconds after each request")
    parser.add_argument("--timeout", type=float, default=15)
    # Unbuffered: a line is one system call. Text files mix up their buffers when several threads write (CPython before 3.12.4).
    parser.add_argument(
        "--journal", type=lambda path: open(path, "wb", 0), help="gets each token and when it began"
    )
    parser.add_argument("--blocking", action="store_true", help="wait in recv() itself, without a time-out")
    parser.add_argument("--close", action="store_true", help="a connection for each request")
    options = parser.parse_args()
    if options.requests == 10**9 and options.seconds is None:
        parser.error("--requests or --seconds")
    options.path = options.path or ["/checkout/"]
    return options


def main():
    options = parse()
    deadline = None if options.seconds is None else time.monotonic() + options.seconds
    clients = [Client(options, number, deadline) for number in range(options.clients)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if options.journal:
        options.journal.close()
    errors = [error for client in clients for error in client.errors]
    result = {
        "requests": sum(client.requests for client in clients),
        "failed": len(errors),
        "errors": errors[:5],
        "slowest_s": round(max(client.slowest for client in clients), 3),
        "connections": sum(client.connections for client in clients),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
