"""What the handlers of the asyncio services do. The paths are those of blocking.py; the client is the service's own."""

import asyncio
import os
import random
import urllib.parse

import async_pipeline
import blocking

NEXT = blocking.NEXT


class Caller:
    """The shapes over `get(url, few)`, a coroutine that GETs and reads the answer. Make it inside the running loop.

    `few` asks for the client with too few connections.
    """

    def __init__(self, get):
        self._get = get
        self._jobs = asyncio.Queue()
        self._lock = asyncio.Lock()
        self._shared = None  # the connection that all share
        self._tasks = {asyncio.create_task(self._work()) for _ in range(blocking.FEW)}
        if os.environ.get("BACKGROUND") == "1":
            self._tasks |= {asyncio.create_task(self._in_the_background(number)) for number in range(2)}
        self._shapes = {
            "seq": self._sequential,
            "par": self._parallel,
            "timer": self._timer,
            "pool": self._pool,
            "futures": self._futures,
            "queue": self._queue,
            "forget": self._forget,
            "retry": self._retry,
            "lock": self._locked,
            "saturated": self._saturated,
            "multiplexed": self._multiplexed,
            "reuse": self._reuse,
        }

    async def handle(self, path):
        """Like blocking.handle()."""
        _, shape, calls, token = path.split("/")
        await self._shapes[shape](token, int(calls))
        return (path + "\n").encode()

    async def _call(self, token, query="", few=False):
        await self._get(f"{NEXT}/{token}{query}", few)

    async def _sequential(self, token, calls):
        for _ in range(calls):
            await self._call(token)

    async def _parallel(self, token, calls):
        await asyncio.gather(*(self._call(token) for _ in range(calls)))

    async def _timer(self, token, calls):
        for _ in range(calls):
            await asyncio.sleep(random.uniform(0.001, 0.004))
            await self._call(token)

    async def _pool(self, token, calls):
        loop = asyncio.get_running_loop()
        for _ in range(calls):
            await loop.run_in_executor(blocking.workers(), blocking.call, token)

    async def _futures(self, token, calls):
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(blocking.workers(), blocking.call, token) for _ in range(calls)))

    async def _queue(self, token, calls):
        done = asyncio.get_running_loop().create_future()
        self._jobs.put_nowait((token, calls, done))
        await done

    async def _work(self):
        while True:
            token, calls, done = await self._jobs.get()
            await self._sequential(token, calls)
            done.set_result(None)

    async def _forget(self, token, calls):
        task = asyncio.create_task(self._sequential(token, calls))
        self._tasks.add(task)  # else nothing holds it
        task.add_done_callback(self._tasks.discard)

    async def _retry(self, token, calls):
        for _ in range(calls - 1):
            await self._call(token, "?fail=1")
        await self._call(token)

    async def _locked(self, token, calls):
        for _ in range(calls):
            await self._call(token)
            async with self._lock:
                await asyncio.sleep(blocking.LOCKED_S)

    async def _saturated(self, token, calls):
        for _ in range(calls):
            await self._call(token, few=True)

    async def _multiplexed(self, token, calls):
        following = urllib.parse.urlsplit(NEXT)
        async with self._lock:
            if self._shared is None:
                self._shared = async_pipeline.Pipeline()
                await self._shared.open(following.hostname, following.port)
        for _ in range(calls):
            await self._shared.get(f"{following.path}/{token}")

    async def _reuse(self, token, calls):
        for _ in range(calls):
            await self._call(token, "?close=1")

    async def _in_the_background(self, name):
        number = 0
        while True:
            await self._call(f"background-{os.getpid()}-{name}-{number}")
            number += 1
            await asyncio.sleep(0.01)
