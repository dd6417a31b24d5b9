"""An ASGI application whose client is httpx: uvicorn asgi_app:app. Configured as blocking.py says."""

import blocking
import coroutines
import httpx


class Application:
    def __init__(self):
        self._caller = None  # made in the server's loop

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        body = await self._caller.handle(scope["path"])
        headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _lifespan(self, receive, send):
        await receive()
        many = httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=None))
        few = httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=blocking.FEW))

        async def get(url, with_few):
            await (few if with_few else many).get(url)

        self._caller = coroutines.Caller(get)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await many.aclose()
        await few.aclose()
        await send({"type": "lifespan.shutdown.complete"})


app = Application()
