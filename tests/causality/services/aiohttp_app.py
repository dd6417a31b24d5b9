"""aiohttp as server and client on one event loop. Configured by PORT, and as blocking.py says."""

import os

import aiohttp
import blocking
import coroutines
from aiohttp import web


async def application():
    many = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    few = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=blocking.FEW))

    async def get(url, with_few):
        async with (few if with_few else many).get(url) as answer:
            await answer.read()

    caller = coroutines.Caller(get)

    async def handle(request):
        return web.Response(body=await caller.handle(request.path))

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    return app


web.run_app(application(), host="127.0.0.1", port=int(os.environ["PORT"]), backlog=512, access_log=None, print=None)
