"""Sends requests to an echo server over one connection, in ways that leave some of them without a context in a TCP option.

usage: odd_requests.py PORT ROUNDS     prints {way: [tokens]}
"""

import collections
import json
import socket
import sys
import time


def read_answers(connection, count, pending):
    """Reads `count` answers whose length is in their heads. Returns what came behind them."""
    while count:
        head, blank, rest = pending.partition(b"\r\n\r\n")
        if blank:
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(rest) >= length:
                pending, count = rest[length:], count - 1
                continue
        received = connection.recv(65536)
        if not received:
            raise ConnectionError("the server has ended the connection")
        pending += received
    return pending


def main():
    port, rounds = int(sys.argv[1]), int(sys.argv[2])
    tokens = collections.defaultdict(list)

    def request(how):
        token = f"{how}-{len(tokens[how])}"
        tokens[how].append(token)
        return f"GET /echo/{token} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pending = b""
        for _ in range(rounds):
            connection.sendall(request("plain"))
            pending = read_answers(connection, 1, pending)
            split = request("split")
            for part in (split[:9], split[9:]):
                connection.sendall(part)
                time.sleep(0.002)
            pending = read_answers(connection, 1, pending)
            connection.sendall(request("pipelined") + request("pipelined"))
            pending = read_answers(connection, 2, pending)
            connection.sendall(request("two_writes"))
            connection.sendall(request("two_writes"))
            pending = read_answers(connection, 2, pending)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            connection.sendall(request("corked"))
            connection.sendall(request("corked"))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
            pending = read_answers(connection, 2, pending)
            connection.sendall(request("plain"))
            pending = read_answers(connection, 1, pending)
    print(json.dumps(tokens))


if __name__ == "__main__":
    main()
