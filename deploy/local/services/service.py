"""A private service: its children, how to know it is ready, its address, and the orders it must have taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from deploy.local.services.children import Child, stop_all
from deploy.local.services.failures import ServiceFailure
from deploy.local.services.orders import Order

READY_POLL_SECONDS = 0.1
START_ORDER_SECONDS = (
    10.0  # as long a start waits for its orders; they are repeated beside everything else afterwards
)
SETTLE_SECONDS = 5.0
AFTER_FULL = "its disk was full"
LOOKS_SECONDS = (10.0, 30.0, 60.0, 120.0, 240.0, 480.0)
"""After its disk was full: what it could not write may show only when it wants to read it. Each look starts its control program once or twice."""


@dataclass
class Service:
    """Children start in order; `ready` is asked until it says yes; `after_start` then runs once, and `before_use` behind the first orders.

    `start_orders` are given after every start of the children, `settle_orders` by `settle`: what was just set up then survives a kill.
    """

    name: str
    url: str
    children: Sequence[Child]
    ready: Callable[[], bool]
    start_budget_seconds: float
    stop_budget_seconds: float
    after_start: Callable[[], None] = lambda: None
    before_use: Callable[[], None] = lambda: None
    start_orders: Sequence[Order] = ()
    settle_orders: Sequence[Order] = ()
    control: list[str] = field(default_factory=list)  # command prefix of its control program, when it has one
    full: Callable[[], bool] = lambda: False  # whether the disk of its data has less room than it asks for
    doubtful: list[str] = field(default_factory=list)
    """Why it may not have all that it was given: names of queues that were deleted because they cannot serve any more, or AFTER_FULL; until somebody has
    sent again what is missing (resending.py)."""
    forgets_when_full: bool = False
    """Whether what it confirmed beside a full disk may be gone, and somebody else has it too."""
    clock: Callable[[], float] = time.monotonic
    _was_full: bool = field(default=False, init=False, repr=False)
    _looks: list[float] = field(default_factory=list, init=False, repr=False)
    _started: list[int | None] = field(default_factory=list, init=False, repr=False)

    def launch(self) -> None:
        """Starts the children that do not run."""
        for child in self.children:
            if not child.alive():
                child.start()

    def wait_ready(self) -> None:
        """Waits until the service answers. Raises ServiceFailure with the end of the log when it does not."""
        deadline = time.monotonic() + self.start_budget_seconds
        while not self.ready():
            dead = next((child for child in self.children if not child.alive()), None)
            if dead is not None:
                raise ServiceFailure(
                    f"{self.name} stopped while it was starting; the end of {dead.log}:\n{dead.last_words()}"
                )
            if time.monotonic() > deadline:
                raise ServiceFailure(
                    f"{self.name} was not ready after {self.start_budget_seconds:g} s; see {self.children[-1].log}."
                )
            time.sleep(READY_POLL_SECONDS)
        self.after_start()
        self._give_start_orders()
        for order in self.start_orders:
            order.wait(START_ORDER_SECONDS)
        self.before_use()

    def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        """Gives the orders that make what was just set up survive a kill, and waits a little for them."""
        for order in self.settle_orders:
            order.give()
            order.wait(seconds)

    def tend(self) -> None:
        """One look without waiting: orders that were not taken yet, and those of children that were started again, or had no room until now."""
        full = self.full()
        room_again = self._was_full and not full
        self._was_full = full
        if room_again and self.forgets_when_full:
            self.doubtful.append(AFTER_FULL)
        if room_again:
            self._started = []  # its orders are due as after a start, once it is ready
            self._looks = [self.clock() + seconds for seconds in LOOKS_SECONDS]
        if self._looks and self.clock() >= self._looks[0] and self._all_taken():
            self._started = []
            del self._looks[0]
        if self.start_orders and self._pids() != self._started and self.alive() and self.ready():
            self._give_start_orders()
        for order in (*self.start_orders, *self.settle_orders):
            order.look()

    def _all_taken(self) -> bool:
        return all(order.taken for order in self.start_orders)

    def reports_to(self, report: Callable[[str], None]) -> None:
        """Who is told about orders that are late."""
        for order in (*self.start_orders, *self.settle_orders):
            order.report = report

    def _give_start_orders(self) -> None:
        self._started = self._pids()
        for order in self.start_orders:
            order.give()

    def _pids(self) -> list[int | None]:
        return [child.process.pid if child.process else None for child in self.children]

    def alive(self) -> bool:
        return all(child.alive() for child in self.children)

    def stop(self) -> None:
        """Stops the children in reverse order; what ignores its budget is killed."""
        for order in (*self.start_orders, *self.settle_orders):
            order.cancel()
        for child in reversed(self.children):
            stop_all([child], self.stop_budget_seconds)
