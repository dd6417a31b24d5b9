"""Opens thousands of keep-alive connections to one URL, keeps them all open, and sends a request on each, in rounds.

Every answer must be 200 with the same body. Prints the JSON object that tests/support/load.py prints.

usage: many_connections.py URL CONNECTIONS ROUNDS
"""

import asyncio
import json
import resource
import sys
import time
import urllib.parse

AT_ONCE = 200
TIMEOUT_S = 30


class Rounds:
    def __init__(self, url, connections):
        self._url = urllib.parse.urlsplit(url)
        self._streams = [None] * connections
        self._body = None
        self._turn = asyncio.Semaphore(AT_ONCE)
        self.requests = 0
        self.errors = []
        self.slowest = 0.0

    async def one(self, index):
        async with self._turn:
            begin = time.monotonic()
            self.requests += 1
            try:
                await asyncio.wait_for(self._request(index), TIMEOUT_S)
            except (OSError, ValueError, EOFError, asyncio.TimeoutError) as error:
                self.errors.append(f"connection {index}: {error!r}")
            self.slowest = max(self.slowest, time.monotonic() - begin)

    async def _request(self, index):
        if self._streams[index] is None:
            self._streams[index] = await asyncio.open_connection(self._url.hostname, self._url.port)
        reader, writer = self._streams[index]
        writer.write(f"GET {self._url.path} HTTP/1.1\r\nHost: {self._url.netloc}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        if not head.startswith("http/1.1 200"):
            raise ValueError(head.splitlines()[0])
        length = int(head.partition("content-length: ")[2].split("\r\n")[0])
        body = await reader.readexactly(length)
        if self._body is None:
            self._body = body
        if body != self._body:
            raise ValueError("another body")


async def main():
    url, connections, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_NOFILE, (connections + 100, connections + 100))
    work = Rounds(url, connections)
    for _ in range(rounds):
        await asyncio.gather(*(work.one(index) for index in range(connections)))
    print(
        json.dumps(
            {
                "requests": work.requests,
                "failed": len(work.errors),
                "errors": work.errors[:5],
                "slowest_s": round(work.slowest, 3),
                "connections": connections,
            }
        )
    )


asyncio.run(main())
