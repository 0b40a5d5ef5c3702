"""One world of fake providers: a clock, switches and webhooks for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import aiohttp

from providers.fakes.calls import ApiRefusal
from providers.fakes.clock import FakeClock
from providers.fakes.limits import CallCounter
from providers.fakes.outbox import OWNER, Outbox
from providers.fakes.provider import FakeProvider
from providers.fakes.switches import ABOUT_WEBHOOKS, ACT, BEFORE_AND_AFTER, Switches
from runtime.ids import utc_now

LONGEST_NAP_SECONDS = 3600.0


class FakeWorld:
    """Everything the fakes share. The same seed gives the same ids for the same calls."""

    def __init__(
        self,
        *,
        seed: int = 0,
        wall: Callable[[], datetime] = utc_now,
        frozen: bool = False,
        rate_limits: bool = True,
    ) -> None:
        self.seed = seed
        self.rate_limits = rate_limits
        self._changed = asyncio.Event()
        self.clock = FakeClock(wall, frozen=frozen, wake=self._changed.set)
        self.outbox = Outbox(self.clock)
        self.switches = Switches()
        self.counter = CallCounter()
        self.providers: dict[str, FakeProvider] = {}
        self._moving = asyncio.Lock()

    def join(self, provider: FakeProvider) -> None:
        self.providers[provider.name] = provider

    def known_switches(self, provider: str | None = None) -> dict[str, str]:
        """Name and meaning of the switches that one provider, or any, understands."""
        known = dict(BEFORE_AND_AFTER)
        for name, each in self.providers.items():
            if provider in (None, name):
                known |= each.quirks
        return known

    def act(self, provider: str, name: str, act: str, amount: int | None) -> None:
        """What a payer, a bank or the provider's staff does. Raises ApiRefusal when that cannot be."""
        if amount is not None and amount <= 0:
            raise ApiRefusal(400, "AMOUNT", "an amount is positive")
        fake = self.providers[provider]
        only = {*fake.quirks, *ABOUT_WEBHOOKS}
        on = {switch.do for switch in self.switches.take(provider, ACT, f"/{act}", only=only)}
        with self.outbox.set("no_webhooks" in on, "double_webhooks" in on):
            fake.act(name, act, amount, frozenset(on))

    async def advance_to(self, target: datetime) -> None:
        """Moves the clock forward; what is due on the way happens in its order, and webhooks are answered before time goes on."""
        async with self._moving:
            await self.outbox.settle()
            while await self._ring_next(target):
                await self.outbox.settle()
            self.clock.move_to(target)

    async def run(self) -> None:
        """Lets alarms ring as time goes by, until cancelled."""
        async with aiohttp.ClientSession() as self.outbox.session:
            try:
                while True:
                    async with self._moving:
                        self._changed.clear()
                        while await self._ring_next(self.clock.now()):
                            pass
                    await self._nap()
            finally:
                await self.outbox.stop()
                self.outbox.session = None

    async def _ring_next(self, until: datetime) -> bool:
        alarm = self.clock.ringing(until)
        if alarm is None:
            return False
        if alarm.owner == OWNER:
            self.outbox.ring(alarm.key)
        else:
            self.providers[alarm.owner].ring(alarm.kind, alarm.key)
        return True

    async def _nap(self) -> None:
        due = self.clock.next_due()
        seconds = LONGEST_NAP_SECONDS if due is None else (due - self.clock.now()).total_seconds()
        try:
            async with asyncio.timeout(min(max(seconds, 0.0), LONGEST_NAP_SECONDS)):
                await self._changed.wait()
        except TimeoutError:
            pass
