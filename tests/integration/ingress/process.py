"""Runs ingress as a process of its own: `python process.py '<settings as JSON>'`; prints its address."""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial

from ingress.app import run
from runtime.lifecycle import run_process
from runtime.logs import configure_logging
from runtime.settings import Settings


def main() -> int:
    configure_logging("ingress", level="warning")
    settings = Settings(**json.loads(sys.argv[1]))

    async def serve(stop: asyncio.Event) -> None:
        await run(settings, stop, started=partial(print, file=sys.stdout, flush=True))

    return run_process(serve)


if __name__ == "__main__":
    raise SystemExit(main())
