"""The topology data holds the rules that keep messages: limits, dead letters, and no way around them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from schemas.topology import (
    DEAD,
    PARKED,
    QUARANTINE,
    RETRY_DELAYS,
    WEBHOOKS,
    Queue,
    partition_of,
    quarantine,
    queue_name,
    retry_name,
    routing_key,
    staying,
    topology,
    work_number,
    work_queues,
)


def queues(partitions: int = 2) -> dict[str, Queue]:
    return {queue.name: queue for queue in topology(partitions, (5, 0.25)).queues}


@pytest.mark.parametrize("name", [queue_name(0), queue_name(1), "lunas.retry.5s", "lunas.retry.0.25s"])
def test_a_working_queue_never_drops_a_message(name: str) -> None:
    arguments = queues()[name].arguments
    assert arguments["x-queue-type"] == "quorum"
    assert arguments["x-dead-letter-strategy"] == "at-least-once"
    assert arguments["x-overflow"] == "reject-publish"
    assert int(arguments["x-max-length-bytes"]) > 0


def test_every_quorum_queue_has_a_positive_delivery_limit() -> None:
    quorum = [queue for queue in queues().values() if queue.arguments.get("x-queue-type") == "quorum"]
    assert len(quorum) == work_queues(2) + 3
    assert all(int(queue.arguments["x-delivery-limit"]) > 0 for queue in quorum)


def test_work_queues_dead_letter_to_the_parking_lot_and_have_one_active_consumer() -> None:
    arguments = queues()[queue_name(0)].arguments
    assert arguments["x-dead-letter-exchange"] == DEAD
    assert arguments["x-single-active-consumer"] is True


def test_a_retry_tier_returns_a_message_to_its_own_partition() -> None:
    arguments = queues()["lunas.retry.0.25s"].arguments
    assert arguments["x-message-ttl"] == 250
    assert arguments["x-dead-letter-exchange"] == WEBHOOKS
    assert "x-dead-letter-routing-key" not in arguments


def test_c33_the_parking_lot_keeps_messages_for_ever() -> None:
    assert set(queues()[PARKED].arguments) == {"x-queue-type", "x-delivery-limit"}


def test_the_quarantine_is_bounded_and_apart_from_the_pipeline() -> None:
    assert QUARANTINE not in queues()
    (queue,) = quarantine().queues
    arguments = queue.arguments
    assert (arguments["x-queue-type"], arguments["x-overflow"]) == ("quorum", "drop-head")
    for bound in ("x-max-length", "x-max-length-bytes", "x-message-ttl", "x-delivery-limit"):
        assert int(arguments[bound]) > 0
    assert "x-dead-letter-exchange" not in arguments


def test_every_queue_is_bound_and_every_binding_names_what_exists() -> None:
    for whole in (topology(3), quarantine()):
        assert {binding.queue for binding in whole.bindings} == {queue.name for queue in whole.queues}
        assert {binding.exchange for binding in whole.bindings} == {item.name for item in whole.exchanges}


def test_names_are_the_documented_ones() -> None:
    assert (queue_name(2), routing_key(2)) == ("lunas.webhooks.p2", "webhooks.p2")
    assert [retry_name(delay) for delay in RETRY_DELAYS] == [
        "lunas.retry.5s",
        "lunas.retry.30s",
        "lunas.retry.300s",
        "lunas.retry.1800s",
        "lunas.retry.7200s",
    ]


@pytest.mark.parametrize(("partitions", "delays"), [(0, (5,)), (1, (0,)), (1, (-1,))])
def test_impossible_numbers_are_refused(partitions: int, delays: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"partition|delay"):
        topology(partitions, delays)


def test_one_partition_takes_everything() -> None:
    assert {partition_of(key, 1) for key in ("", "a", b"\xff", "\udcff")} == {0}


def test_partitions_are_spread_and_text_equals_its_bytes() -> None:
    keys = [f"payment-xendit-py-{number}" for number in range(2000)]
    counts = [0, 0, 0, 0]
    for key in keys:
        assert partition_of(key, 4) == partition_of(key.encode(), 4)
        counts[partition_of(key, 4)] += 1
    assert min(counts) > 400


def test_a_partition_is_the_same_in_another_process() -> None:
    """`hash` is salted per process; ours must not be (a stream would change its queue at every restart)."""
    code = "from schemas.topology import partition_of; print([partition_of(f'k{n}', 8) for n in range(50)])"
    other = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120
    )
    assert other.stdout.strip() == str([partition_of(f"k{number}", 8) for number in range(50)])


def test_a_person_may_look_at_what_is_parked_as_often_as_they_like() -> None:
    (parked,) = (queue for queue in topology().queues if queue.name == PARKED)
    limit = parked.arguments["x-delivery-limit"]
    assert isinstance(limit, int)
    assert limit > 100_000


@pytest.mark.parametrize(
    ("number", "partitions", "stays"),
    [(0, 1, 0), (3, 1, 3), (4, 1, 0), (19, 1, 0), (7, 2, 7), (8, 2, 0), (9, 2, 1)],
)
def test_what_came_by_a_queue_that_is_left_over_goes_on_in_a_shared_one(
    number: int, partitions: int, stays: int
) -> None:
    assert staying(number, partitions) == stays


@pytest.mark.parametrize(
    ("key", "number"),
    [(routing_key(0), 0), (routing_key(17), 17), ("", None), ("webhooks.px", None), ("p3", None)],
)
def test_a_routing_key_tells_the_number_of_its_work_queue(key: str, number: int | None) -> None:
    assert work_number(key) == number
