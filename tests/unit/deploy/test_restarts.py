"""When the supervisor starts a dead child again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.services.children import Child
from deploy.local.services.restarts import Restarts
from deploy.local.services.users import ServiceUser


@dataclass
class Fake(Child):
    """A child that dies when told."""

    dead: bool = False
    starts: list[float] = field(default_factory=list)
    now: float = 0.0

    def alive(self) -> bool:
        return not self.dead

    def start(self) -> None:
        self.dead = False
        self.starts.append(self.now)


def fake() -> Fake:
    return Fake("ingress", ["true"], {}, ServiceUser(None, 0, 0), Path("/"), None)


def run(child: Fake, restarts: Restarts, until: float) -> None:
    while child.now < until:
        child.now += 0.25
        restarts.look(child)


def test_pauses_grow_while_it_keeps_dying_and_shrink_after_a_healthy_time() -> None:
    child, said = fake(), []
    restarts = Restarts(said.append, clock=lambda: child.now)
    restarts.look(child)
    for _ in range(3):
        child.dead = True
        run(child, restarts, child.now + 5)
    assert child.starts == [0.75, 6.25, 12.25]  # after pauses of 0.5, 1 and 2 s
    run(child, restarts, child.now + 40)
    died = child.now
    child.dead = True
    run(child, restarts, died + 5)
    assert child.starts[-1] == died + 0.75
    assert restarts.count("ingress") == 4
    assert len(said) == 4


def test_a_living_child_is_left_alone() -> None:
    child = fake()
    restarts = Restarts(lambda _line: None, clock=lambda: child.now)
    run(child, restarts, 20)
    assert child.starts == []
    assert restarts.count("ingress") == 0
