"""Sends requests to an echo server on one connection, all of them before it reads the first reply. usage: pipelined.py PORT

Two bursts: requests without bodies, each in a write of its own, with the replies read in one call; and requests with bodies, all in
one write, with the replies read as they come.
"""

import socket
import sys
import time

REQUESTS = 100
KNOWN_S = 0.5  # after its first call a process is looked at, and then known by its name
BODY = b"b" * 500  # all of them together are less than what is copied of a call


def request(token, body=b""):
    method, length = ("POST", f"Content-Length: {len(body)}\r\n") if body else ("GET", "")
    return f"{method} /echo/{token} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n".encode() + body


def read_reply(replies):
    """Reads one reply. Returns its size in bytes."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += replies.read(1)
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    return len(head) + len(replies.read(length))


def size_of_a_reply(port):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request("first-100"))
        with connection.makefile("rb", buffering=0) as replies:
            return read_reply(replies)


def main():
    port = int(sys.argv[1])
    size = size_of_a_reply(port)
    time.sleep(KNOWN_S)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(REQUESTS):
            connection.sendall(request(f"alone-{number:03}"))
        left = REQUESTS * size
        while left:
            left -= len(connection.recv(left, socket.MSG_WAITALL))
        connection.sendall(b"".join(request(f"all-{number:03}", BODY) for number in range(REQUESTS)))
        with connection.makefile("rb", buffering=5000) as replies:
            for _ in range(REQUESTS):
                read_reply(replies)


if __name__ == "__main__":
    main()
