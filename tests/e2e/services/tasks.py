"""An asyncio service of nothing but the library, and its ways to make calls. usage: tasks.py streams|protocol PORT URL

A path is /WAY/TOKEN; each way calls URL/TOKEN. `streams`: a task serves each connection; `protocol`: one each request.
"""

import asyncio
import concurrent.futures
import functools
import gc
import http.client
import sys
import urllib.parse

CALLS = 3
KIND, PORT, URL = sys.argv[1], int(sys.argv[2]), urllib.parse.urlsplit(sys.argv[3])


class Client:
    """Pooled connections to URL."""

    def __init__(self):
        self._idle = []

    async def call(self, token):
        pair = self._idle.pop() if self._idle else await asyncio.open_connection(URL.hostname, URL.port)
        pair[1].write(self.request(token))
        await self._answer(pair)

    async def call_by_callback(self, token):
        """The bytes leave in a callback of the loop, in which no task runs."""
        pair = self._idle.pop() if self._idle else await asyncio.open_connection(URL.hostname, URL.port)
        asyncio.get_running_loop().call_later(0.001, pair[1].write, self.request(token))
        await self._answer(pair)

    def request(self, token):
        return f"GET {URL.path}/{token} HTTP/1.1\r\nHost: {URL.netloc}\r\n\r\n".encode()

    async def _answer(self, pair):
        head = (await pair[0].readuntil(b"\r\n\r\n")).lower()
        length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        await pair[0].readexactly(int(length.split(b":")[1]))
        self._idle.append(pair)


def path_of(head):
    return head.split(b" ")[1].decode()


def answer_to(path):
    body = path + "\n"
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def blocking_call(token):
    connection = http.client.HTTPConnection(URL.hostname, URL.port)
    connection.request("GET", f"{URL.path}/{token}")
    connection.getresponse().read()
    connection.close()


class Service:
    def __init__(self):
        self._client = Client()
        self._pool = concurrent.futures.ThreadPoolExecutor(4)
        self._jobs = asyncio.Queue()
        self._tasks = [asyncio.get_running_loop().create_task(self._work()) for _ in range(2)]

    async def _work(self):
        while True:
            token, done = await self._jobs.get()
            await self._client.call(token)
            done.set_result(None)

    async def chain(self, token):
        for _ in range(CALLS):
            await self._client.call(token)

    soon = chain

    async def fan(self, token):
        await asyncio.gather(*(self._client.call(token) for _ in range(CALLS)))

    async def timer(self, token):
        for _ in range(CALLS):
            await asyncio.sleep(0.002)
            await self._client.call(token)

    async def pool(self, token):
        for _ in range(CALLS):
            await asyncio.get_running_loop().run_in_executor(self._pool, blocking_call, token)

    async def crowd(self, token):
        """More work than the pool has workers: some of it waits in the queue until a worker asks for it without waiting."""
        run = asyncio.get_running_loop().run_in_executor
        await asyncio.gather(*(run(self._pool, blocking_call, token) for _ in range(CALLS)))

    async def callback(self, token):
        for _ in range(CALLS):
            await self._client.call_by_callback(token)

    async def later(self, token):
        """The task that calls is made by a timer."""
        loop = asyncio.get_running_loop()
        for _ in range(CALLS):
            done = loop.create_future()
            loop.call_later(0.001, self._start, loop, token, done)
            await done

    def _start(self, loop, token, done):
        loop.create_task(self._client.call(token)).add_done_callback(functools.partial(self._finish, done))

    @staticmethod
    def _finish(done, _):
        done.set_result(None)

    async def queue(self, token):
        for _ in range(CALLS):
            done = asyncio.get_running_loop().create_future()
            self._jobs.put_nowait((token, done))
            await done

    async def handle(self, head):
        _, way, token = path_of(head).split("/")
        await getattr(self, way)(token)
        return answer_to(path_of(head))

    async def serve(self, reader, writer):
        try:
            while True:
                writer.write(await self.handle(await reader.readuntil(b"\r\n\r\n")))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def enqueue(self, head, answer):
        """A request goes straight to the workers, who do not answer it themselves."""
        done = asyncio.get_running_loop().create_future()
        done.add_done_callback(lambda _: answer(answer_to(path_of(head))))
        self._jobs.put_nowait((path_of(head).split("/")[2], done))


class Connection(asyncio.Protocol):
    def __init__(self, service):
        self._service = service
        self._head = b""

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        self._head += data
        if not self._head.endswith(b"\r\n\r\n"):
            return
        head, self._head = self._head, b""
        loop = asyncio.get_running_loop()
        if head.startswith(b"GET /enqueue/"):
            self._service.enqueue(head, self._transport.write)
        elif head.startswith(b"GET /soon/"):  # not in this callback, but in the next one
            loop.call_soon(lambda: loop.create_task(self._answer(head)))
        else:
            loop.create_task(self._answer(head))

    async def _answer(self, head):
        self._transport.write(await self._service.handle(head))


async def main():
    service = Service()
    if KIND == "streams":
        server = await asyncio.start_server(service.serve, "127.0.0.1", PORT, backlog=128)
    else:
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(service), "127.0.0.1", PORT, backlog=128
        )
    async with server:
        await server.serve_forever()


gc.disable()  # the loop does not hold its tasks: a collection might take one that waits
asyncio.run(main())
