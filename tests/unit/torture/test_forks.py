"""How a forked process ended is read once: nobody looks while another looks, or starts one."""

from __future__ import annotations

from tests.system import forks


class Odd:
    """In the place of multiprocessing's: says whether anybody else could have looked meanwhile."""

    pid, name = 7, "odd"

    def __init__(self) -> None:
        self.alone: list[bool] = []

    def start(self) -> None:
        self.alone.append(forks._LOOKING.locked())

    @property
    def exitcode(self) -> int:
        self.alone.append(forks._LOOKING.locked())
        return 0


def test_nobody_looks_how_a_process_ended_while_another_looks_or_starts_one() -> None:
    odd = Odd()
    assert forks.Fork(odd).wait() == 0
    assert odd.alone == [True, True]
    assert not forks._LOOKING.locked()
