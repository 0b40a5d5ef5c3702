"""A processor in a process of its own, for tests that kill it. Settings come from the environment.

A body with `deadly` in it kills the worker that looks into it, as running out of memory would; one with `deadly at STEP` in it at the next such step.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from typing import ClassVar

import processor.app
from processor.intake.interpreter import Interpreter, Prepared
from runtime import faults
from runtime.lifecycle import run_process
from runtime.logs import configure_logging
from runtime.settings import Settings, load_settings
from schemas.envelope import Envelope

LATER = re.compile(rb"deadly at ([a-z._]+)")


class Mortal(Interpreter):
    """Dies of one body."""

    _steps: ClassVar[set[str]] = set()

    def prepare(self, envelope: Envelope) -> Prepared:
        later = LATER.search(envelope.body)
        if later is not None:
            self._steps.add(later[1].decode())
            faults.arm("development", {faults.VARIABLE: ",".join(self._steps)})
        elif b"deadly" in envelope.body:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().prepare(envelope)


def main() -> int:
    configure_logging("processor", form="json")
    settings = load_settings()
    real = processor.app.interpreter_of

    def mortal(settings: Settings) -> Interpreter:
        found = real(settings)
        return Mortal(found.providers, found.accounts, found.production)

    processor.app.interpreter_of = mortal

    async def serve(stop: asyncio.Event) -> None:
        await processor.app.run(settings, stop)

    return run_process(serve)


if __name__ == "__main__":
    raise SystemExit(main())
