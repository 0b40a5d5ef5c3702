"""What a broker may have forgotten is sent again from the journal: by our own command, beside everything else, until it ends well."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from deploy.local.services.children import Child
from deploy.local.services.service import Service

PAUSE_SECONDS = 5.0  # after one that did not end well: the broker or the database may be away


class Resending:
    """Looks at services, and starts `child` when there is a new reason why one of them may not have all that it was given."""

    def __init__(
        self,
        services: Sequence[Service],
        child: Child,
        report: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._child = child
        self._report = report
        self._clock = clock
        self._wanted = self._running = False
        self._due = 0.0

    def tend(self) -> None:
        """One look without waiting."""
        for service in self._services:
            if service.doubtful:
                service.doubtful.clear()
                self._wanted = True
        if self._running and not self._child.alive():
            self._ended()
        if self._wanted and not self._running and self._clock() >= self._due:
            self._wanted, self._running = False, True
            self._child.start()

    def _ended(self) -> None:
        self._running = False
        process = self._child.process
        if process is not None and process.returncode == 0:
            self._report("what was accepted and is not stored was sent again from the journal")
            return
        self._wanted, self._due = True, self._clock() + PAUSE_SECONDS
