"""Identifiers sort by time and are valid version 7."""

from __future__ import annotations

import os

from runtime.ids import RandomBytes, utc_now, uuid7, uuid7_text


def test_the_example_of_the_standard() -> None:
    # RFC 9562, appendix A.6
    random = (0xCC3 << 68 | 0x18C4DC0C0C07398F).to_bytes(10, "big")
    made = uuid7(now_ms=lambda: 0x017F22E279B0, random_bytes=lambda _count: random)
    assert str(made) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
    text = uuid7_text(now_ms=lambda: 0x017F22E279B0, random_bytes=lambda _count: random)
    assert text == str(made)


def test_later_ones_sort_later() -> None:
    made = [uuid7(now_ms=lambda moment=moment: moment) for moment in (1, 2, 2**40)]
    assert sorted(made) == made
    assert {each.version for each in made} == {7}


def test_the_clock_is_aware() -> None:
    assert utc_now().utcoffset() is not None


def test_buffered_randomness_never_repeats_and_a_child_starts_afresh() -> None:
    source = RandomBytes()
    assert len({source(10) for _ in range(2000)}) == 2000
    ahead = source(10)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, source(10))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 10) not in (ahead, source(10))
    os.close(reader)
    os.close(writer)
