"""What a process lived through was no crash of its own."""

from __future__ import annotations

from runtime.amqp.consumer import FirstCounts


def test_deliveries_that_a_process_lived_through_do_not_count() -> None:
    counts = FirstCounts()
    assert [counts.of("m", count) for count in (0, 1, 2, 9)] == [0, 0, 0, 0]


def test_those_before_its_life_do() -> None:
    counts = FirstCounts()
    assert [counts.of("m", count) for count in (7, 8)] == [7, 7]
    assert FirstCounts().of("m", 9) == 9


def test_only_the_newest_are_remembered() -> None:
    counts = FirstCounts(most=10)
    for number in range(20):
        counts.of(f"m{number}", 0)
    assert counts.of("m19", 5) == 0
    assert counts.of("m0", 5) == 5


def test_without_an_id_the_broker_is_believed() -> None:
    counts = FirstCounts()
    assert [counts.of(None, count) for count in (0, 3)] == [0, 3]
