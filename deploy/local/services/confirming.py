"""A broker that runs, answers, has no alarm, and confirms nothing: found by publishing to it, and started again.

Seen with RabbitMQ 3.10 after a full disk: the writer of the log that all quorum queues share had died, the alarm went when there was space again, and
publishes waited for ever. Nothing but a publish shows that, so one is tried every few seconds. A broker with an alarm is left alone: it keeps publishers
waiting on purpose. While its disk is full it is asked whether its log has a writer: one without cannot do anything any more, alarm or not, and is started
again as soon as there is room. The alarm itself goes up to ten seconds later.
"""

from __future__ import annotations

import asyncio
import subprocess
import threading
import time
from collections.abc import Callable, Sequence

from deploy.local.services.children import Child
from runtime.amqp.probe import published

LOOK_SECONDS = 0.25  # between two looks at the disk
PAUSE_SECONDS = 5.0  # between two publishes
SOON_SECONDS = 1.0  # after one that was not confirmed: webhooks wait as long as it is not known why
UNCONFIRMED_MAX = 2  # so many in a row, without an alarm before and after the last, are no accident
ASK_SECONDS = 60.0  # rabbitmqctl starts an Erlang node of its own: a second or two, ten on a busy machine
REST_SECONDS = 120.0  # after a restart, at most: it boots, and recovers what its queues hold
ALARMS = "rabbit_alarm:get_alarms()."
NO_ALARM = "[]"
# Whoever is called so writes the log of all quorum queues. A broker that knows nobody of that name says something else than `true`.
WRITER_GONE = "#{names := #{wal := Writer}} = ra_system:fetch(quorum_queues), whereis(Writer) =:= undefined."
GONE = "true"
FULL_PAUSE_SECONDS = 3.0  # between two questions while its disk is full


class Confirming:
    """Looks beside everything else, on a thread of its own. `due` is true once the broker should be started again.

    `control`: prefix of the broker's control program; `full`: whether the disk on which its data lies has less room than it asks for.
    """

    def __init__(
        self,
        url: str,
        control: Sequence[str],
        *,
        full: Callable[[], bool] = lambda: False,
        publish: Callable[[str], bool | None] = lambda url: asyncio.run(published(url)),
        alarms: Callable[[Sequence[str]], str | None] | None = None,
        writer_gone: Callable[[Sequence[str]], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._url = url
        self._control = control
        self._full = full
        self._publish = publish
        self._alarms = alarms or asked_alarms
        self._writer_gone = writer_gone or asked_writer_gone
        self._clock = clock
        self._pause_seconds = pause_seconds
        self._unconfirmed = 0
        self._was_full = self._gone = False
        self._seen: object = None
        self._next = clock() + pause_seconds
        self._rests_until = 0.0
        self._stopped = threading.Event()
        self._due = threading.Event()
        self._thread = threading.Thread(target=self._run, name="confirming", daemon=True)

    @property
    def due(self) -> bool:
        """It confirms nothing, and no alarm says why."""
        return self._due.is_set()

    @property
    def pause(self) -> float:
        """Seconds until the next publish."""
        return min(SOON_SECONDS, self._pause_seconds) if self._unconfirmed else self._pause_seconds

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """A look that is under way ends by itself."""
        self._stopped.set()

    def restarted(self) -> None:
        """The broker is starting: what it has not confirmed is no sign until it has confirmed something, or for a while."""
        self._rests_until = self._clock() + REST_SECONDS
        self._unconfirmed = 0
        self._due.clear()

    def tend(self, broker: Child, report: Callable[[str], None]) -> None:
        """One look without waiting: ends the broker when that is due; whoever starts what is dead starts it again."""
        if broker.process is not self._seen:
            self._seen, self._gone = broker.process, False  # another one, with a writer of its own
        if self.due:
            report("RabbitMQ confirms nothing although no alarm is set: it is ended and started again")
            broker.kill()
            self.restarted()

    def step(self) -> None:
        """One look at the disk; and a question, or a publish, when it is time for one. A full disk is what every publish makes fuller."""
        full = self._full()
        if self._was_full and not full:
            self._asked_for_its_writer()  # it may have died since it was asked last
            if self._gone:
                self._due.set()
            self._gone, self._next = False, self._clock()
        elif full and self._clock() >= self._next:
            self._asked_for_its_writer()
            self._next = self._clock() + FULL_PAUSE_SECONDS
        elif not full and self._clock() >= self._next:
            self.look()
            self._next = self._clock() + self.pause
        self._was_full = full

    def look(self) -> None:
        """Publishes once."""
        confirmed = self._publish(self._url)
        if confirmed:
            self._rests_until = 0.0
        if confirmed is not False or self._clock() < self._rests_until:
            self._unconfirmed = 0
            return
        # Whoever does not say that there is no alarm, because of an alarm or because it is frozen, is left alone.
        if self._alarms(self._control) != NO_ALARM:
            self._unconfirmed = 0
            return
        self._unconfirmed += 1
        if self._unconfirmed >= UNCONFIRMED_MAX:
            self._due.set()

    def _asked_for_its_writer(self) -> None:
        """A writer that is gone stays away: only a start of the broker brings one."""
        self._gone = self._gone or self._writer_gone(self._control)

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            self.step()


def asked_alarms(control: Sequence[str]) -> str | None:
    """What the broker says of its alarms; None when it says nothing."""
    return _evaluated(control, ALARMS)


def asked_writer_gone(control: Sequence[str]) -> bool:
    """Whether the broker says that nobody writes the log of its quorum queues."""
    return _evaluated(control, WRITER_GONE) == GONE


def _evaluated(control: Sequence[str], expression: str) -> str | None:
    try:
        asked = subprocess.run(
            [*control, "eval", expression], capture_output=True, text=True, timeout=ASK_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip() if asked.returncode == 0 else None
