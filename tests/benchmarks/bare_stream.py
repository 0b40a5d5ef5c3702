"""A bare server of events, for `changes`: `POST /tell` with a number writes one event to everybody who listens. Prints its port."""

from __future__ import annotations

import asyncio

import uvloop
from aiohttp import web

from runtime.metrics import bound_address

EVENT = b'event: balance\nid: %s\ndata: {"kind":"balance","position":1,"customer_id":"x","key":"x","data":{' + b'"credit_tokens":10000,' * 20 + b'"x":1}}\n\n'  # fmt: skip


async def main() -> None:
    listening: list[web.StreamResponse] = []

    async def listen(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"retry: 1000\n\n")
        listening.append(response)
        try:
            await asyncio.Event().wait()
        finally:
            listening.remove(response)
        return response

    async def tell(request: web.Request) -> web.Response:
        event = EVENT % await request.read()
        for response in list(listening):
            await response.write(event)
        return web.Response()

    app = web.Application()
    app.add_routes([web.get("/v1/changes", listen), web.post("/tell", tell)])
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(bound_address(runner)[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
