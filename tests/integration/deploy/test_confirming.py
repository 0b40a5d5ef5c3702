"""A real broker whose log writer stands still: it runs, answers, has no alarm, and confirms nothing."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.services.confirming import UNCONFIRMED_MAX, Confirming, asked_alarms, asked_writer_gone
from deploy.local.services.private import private_services
from deploy.local.services.restarts import Restarts
from deploy.local.services.service import Service
from runtime.amqp.probe import QUEUE, published

# Whoever suspends a process must live as long as that is to last.
FREEZE_WRITER = "spawn(fun() -> erlang:suspend_process(whereis(ra_log_wal)), timer:sleep(infinity) end)."
# After a full disk: the log of all quorum queues has ended for good, and the broker goes on without it.
END_LOG = "application:stop(ra)."
CONFIRM_SECONDS = 3.0
"""For a broker that is not to confirm."""
PATIENCE_SECONDS = 240.0

pytestmark = [pytest.mark.timeout(1200), pytest.mark.heavy]


def confirms(url: str) -> bool | None:
    return asyncio.run(published(url, CONFIRM_SECONDS))


def works(url: str) -> bool:
    """Whether it confirms, however long this machine needs for that."""
    return asyncio.run(published(url, 60.0)) is True


def control(service: Service, *arguments: str) -> str:
    done = subprocess.run([*service.control, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def until(look: Callable[[], bool], service: Service) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not look():
        assert time.monotonic() < ends, f"never; {asked_alarms(service.control)}"


def test_a_broker_whose_log_writer_stands_still_is_started_again_and_one_with_an_alarm_is_not(
    home: Path,
) -> None:
    said: list[str] = []
    restarts = Restarts(said.append, clock=itertools.count(0.0, 60.0).__next__)
    # The database is given, so only a broker is started; nobody asks it for anything.
    services = private_services(home, database_url="postgresql://nobody@127.0.0.1/none")
    with services as urls:
        (service,) = services.services
        broker = service.children[-1]
        confirming = Confirming(urls.broker_url, service.control, publish=confirms)
        assert works(urls.broker_url)

        control(service, "set_vm_memory_high_watermark", "0.0000001")
        until(lambda: "memory" in (asked_alarms(service.control) or ""), service)
        for _ in range(UNCONFIRMED_MAX):
            confirming.look()
        assert not confirming.due, "it keeps publishers waiting on purpose"
        control(service, "set_vm_memory_high_watermark", "0.6")
        until(lambda: works(urls.broker_url), service)

        control(service, "eval", FREEZE_WRITER)
        first = broker.process
        until(lambda: confirming.look() or confirming.due, service)
        confirming.tend(broker, said.append)
        assert not broker.alive()
        restarts.look(broker)
        restarts.look(broker)
        assert broker.alive()
        assert broker.process is not first
        service.wait_ready()
        until(lambda: works(urls.broker_url), service)

        assert not asked_writer_gone(service.control)
        control(service, "delete_queue", QUEUE)
        control(service, "eval", END_LOG)
        disk = {"full": True}
        after = Confirming(urls.broker_url, service.control, full=lambda: disk["full"], publish=confirms)
        after.step()
        assert not after.due, "without room it could not start"
        disk["full"] = False
        after.step()
        assert after.due, "asked once, and no publish was waited for"
        again = Confirming(urls.broker_url, service.control, publish=confirms)
        until(lambda: again.look() or again.due, service)
    assert [line for line in said if "confirms nothing although no alarm is set" in line]
    assert [line for line in said if "starting it again" in line]
