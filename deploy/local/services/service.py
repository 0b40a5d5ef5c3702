"""A private service: its children, how to know it is ready, and its address."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from deploy.local.services.children import Child, stop_all
from deploy.local.services.failures import ServiceFailure

READY_POLL_SECONDS = 0.1


@dataclass
class Service:
    """Children start in order; `ready` is asked until it says yes; `after_start` then runs once per start."""

    name: str
    url: str
    children: Sequence[Child]
    ready: Callable[[], bool]
    start_budget_seconds: float
    stop_budget_seconds: float
    after_start: Callable[[], None] = lambda: None
    settle: Callable[[], None] = lambda: None  # makes what was just set up survive a kill
    control: list[str] = field(default_factory=list)  # command prefix of its control program, when it has one

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

    def alive(self) -> bool:
        return all(child.alive() for child in self.children)

    def stop(self) -> None:
        """Stops the children in reverse order; what ignores its budget is killed."""
        for child in reversed(self.children):
            stop_all([child], self.stop_budget_seconds)
