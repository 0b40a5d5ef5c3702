"""The private instance the demo plays on: an environment of its own, started and stopped around the story."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from console.exits import INTERRUPTED, PROBLEMS, CommandError, Refused
from console.messages import text
from console.output import talk
from console.processes import MIGRATE, commands
from console.store import open_store
from deploy.local.services.failures import ServiceFailure
from deploy.local.services.instance import CHECKOUT
from deploy.local.services.interrupts import SIGNALS, Interrupts, MakeParent
from deploy.local.services.supervisor import Programs, Supervisor
from eventstore.read import is_empty
from providers.manual import MANUAL
from providers.registry import PROVIDERS
from providers.scalev.simulator import VARIANT
from runtime.settings import Settings, load_settings
from runtime.settings.model import variable_name

WATCH_SECONDS = 0.2
OF_PROVIDERS = tuple(f"{name}_" for name, provider in PROVIDERS.items() if provider.webhooks)

Story = Callable[[Settings], Awaitable[int]]


def on_private_instance(story: Story) -> int:
    """Starts everything, tells the story, stops everything; the story's exit code, or 130 after Ctrl-C."""
    own_environment()
    settings = load_settings()
    refuse_used_log(settings)
    make = MakeParent()
    with Interrupts() as interrupts:
        try:
            talk(text("demo.starting"))
            with ExitStack() as stack:
                supervisor = stack.enter_context(
                    Supervisor(settings, Programs(MIGRATE, commands(settings)), erase=True, report=talk)
                )
                stack.callback(interrupts.stopping)
                started = load_settings(supervisor.environment)
                code = asyncio.run(_told(story, started, supervisor, make))
                talk(text("demo.stopping"))
        except KeyboardInterrupt:
            code = INTERRUPTED
        except ServiceFailure as error:
            raise CommandError(str(error)) from error
    talk(text("demo.interrupted" if code == INTERRUPTED else "demo.stopped"))
    return code


def own_environment() -> None:
    """The demo is the same everywhere: shipped catalogue, development secrets, a home of its own, nobody's accounts.

    An empty variable counts as unset and wins over `.env`.
    """
    home = Path(os.environ.get("LUNAS_HOME") or CHECKOUT / ".lunas")
    for field in Settings.model_fields:
        if field.startswith(OF_PROVIDERS):
            os.environ[variable_name(field)] = ""
    os.environ |= {
        "LUNAS_ENV": "development",
        "LUNAS_HOME": str(home / "demo"),
        "LUNAS_CATALOG": str(CHECKOUT / "catalog.toml"),
        "LUNAS_UNKNOWN_CUSTOMER": "suspense",
        "LUNAS_BOOK_FEES": "true",
        "LUNAS_PACK_CASES": "true",
        "LUNAS_API_KEY": "",
        "LUNAS_FAKES": "on",
        "LUNAS_FAKES_STATE": "",
        "LUNAS_ENDPOINTS_PRIVATE": "allow",
        # The day is invented and no provider knows its payments: reconciliation reads lists, and does not ask about each of them.
        "LUNAS_RECONCILE_ASKS_MAX": "0",
        "PAYMENT_PROVIDER": MANUAL.name,
        # The fakes' clock is moved by a month: what they then tell has happened, though by ours it is still to come.
        "LUNAS_FUTURE_TOLERANCE_SECONDS": str(40 * 86_400),
        "SCALEV_VARIANT_UNIQUE_ID": VARIANT,
    }


def refuse_used_log(settings: Settings) -> None:
    """Raises Refused when LUNAS_DATABASE_URL names a database with events: invented payments do not belong there."""
    if settings.database_url is not None and asyncio.run(_holds_events(settings)):
        raise Refused(text("demo.used_log"))


async def _holds_events(settings: Settings) -> bool:
    async with open_store(settings, role=None) as connection:
        return not await is_empty(connection)


async def _told(story: Story, settings: Settings, supervisor: Supervisor, make: MakeParent) -> int:
    """The story, while the supervisor looks after the processes. Raises KeyboardInterrupt when it was asked to stop."""
    with _asked_to_stop() as asked:
        telling = asyncio.ensure_future(story(settings))
        try:
            while not telling.done():
                await asyncio.wait({telling}, timeout=WATCH_SECONDS)
                supervisor.watch()
                if make.gone():
                    supervisor.hurry()
                if asked.is_set() or make.gone() or make.interrupted():
                    raise KeyboardInterrupt
            return telling.result()
        except CommandError as error:
            talk(text("error.prefix", sentence=error.message))
            return PROBLEMS
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)


@contextmanager
def _asked_to_stop() -> Iterator[asyncio.Event]:
    """Set by the first signal. An exception raised from a signal handler in the middle of the event loop could end up
    in any task; here the loop itself takes the signals, and what handled them before does so again afterwards."""
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    taken = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in taken:
        loop.add_signal_handler(number, asked.set)
    try:
        yield asked
    finally:
        for number in taken:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])
