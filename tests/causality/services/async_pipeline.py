"""The client of pipeline.py for asyncio: a caller's own task writes its request, a task of the client reads all replies."""

import asyncio
import collections


class Pipeline:
    """Make it inside the running loop, and call open() before anything else."""

    def __init__(self):
        self._waiting = collections.deque()

    async def open(self, host, port):
        self._host = f"{host}:{port}"
        self._replies, self._requests = await asyncio.open_connection(host, port)
        self._reader = asyncio.create_task(self._read())

    async def get(self, path):
        """GETs the path. Returns the status."""
        reply = asyncio.get_running_loop().create_future()
        self._waiting.append(reply)
        self._requests.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())
        await self._requests.drain()
        return await reply

    async def _read(self):
        while True:
            status, *fields = (await self._replies.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
            named = dict(field.lower().split(": ", 1) for field in fields)
            await self._replies.readexactly(int(named["content-length"]))
            self._waiting.popleft().set_result(int(status.split()[1]))
