"""A tracer that keeps its spans, for tests of who tells what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from runtime.tracing import Kind, Value, under_way


@dataclass(eq=False)
class KeptSpan:
    """`ended`: with which error; None before that."""

    name: str
    kind: Kind
    parent: str | None
    links: list[str]
    context: str | None
    attributes: dict[str, Value] = field(default_factory=dict)
    ended: tuple[str | None] | None = None

    def tell(self, attributes: Mapping[str, Value]) -> None:
        self.attributes.update(attributes)

    def end(self, *, error: str | None = None, ended: int | None = None) -> None:
        assert self.ended is None, f"{self.name} ends twice"
        self.ended = (error,)


@dataclass
class Recording:
    """A tracer."""

    spans: list[KeptSpan] = field(default_factory=list)

    def begin(
        self,
        name: str,
        kind: Kind = "internal",
        *,
        parent: str | None = None,
        links: Collection[str] = (),
        attributes: Mapping[str, Value] | None = None,
        began: int | None = None,
    ) -> KeptSpan:
        around = under_way()
        above = parent or (around.context if around is not None else None)
        number = len(self.spans) + 1
        trace = above[3:35] if above else f"{number:032x}"
        span = KeptSpan(
            name, kind, above, list(links), f"00-{trace}-{number + 1000:016x}-01", dict(attributes or {})
        )
        self.spans.append(span)
        return span
