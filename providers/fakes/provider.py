"""What a fake provider is to the machinery around it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

from providers.fakes.bills import FakeBill
from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute
from providers.fakes.goods import FakeGood
from providers.fakes.limits import Allowance, Usage
from providers.fakes.outbox import Sealed, WebhookAccount

if TYPE_CHECKING:
    from providers.fakes.world import FakeWorld
    from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class FakeAccount:
    """The account that callers hold at a fake: the key they call with, the secret that vouches for webhooks, where these go, what it sells."""

    key: str
    secret: str
    account_id: str
    webhook_url: str | None
    goods: tuple[FakeGood, ...] = ()


class FakeProvider(ABC):
    """One provider. Its state is its own; clock, chance and webhooks come from the world it lives in."""

    name: ClassVar[str]
    quirks: ClassVar[Mapping[str, str]] = {}
    retry_gaps: ClassVar[Sequence[timedelta]]
    patience_seconds: ClassVar[float]

    def __init__(self, account: FakeAccount, world: FakeWorld) -> None:
        self.account = account
        self.world = world
        # A stream of chance of its own: what another provider does never changes the ids of this one.
        self.dice = Random(f"{world.seed}:{self.name}")  # noqa: S311 - ids must be repeatable, not unpredictable
        world.outbox.open_account(
            self.name,
            WebhookAccount(self.webhook_url, self.seal, self.retry_gaps, self.patience_seconds),
        )

    def now(self) -> datetime:
        return self.world.clock.now()

    def webhook_url(self, event: str) -> str | None:
        """Where a webhook of this kind goes."""
        return self.account.webhook_url

    @classmethod
    @abstractmethod
    def account_id_of(cls, settings: Settings) -> str:
        """Our id at this provider: the one that is set, or an invented one."""

    @abstractmethod
    def routes(self) -> Iterable[FakeRoute]:
        """Its API."""

    @abstractmethod
    def authenticate(self, call: FakeCall) -> None:
        """Raises ApiRefusal when the key is missing or wrong."""

    @abstractmethod
    def refused(self, refusal: ApiRefusal, call: FakeCall) -> FakeReply:
        """An error in this provider's own form."""

    @abstractmethod
    def allowance(self, call: FakeCall) -> Allowance:
        """Which limit a call counts for."""

    @abstractmethod
    def limit_headers(self, usage: Usage) -> Mapping[str, str]:
        """What an answer says about the limit; of a refused call too."""

    @abstractmethod
    def over_limit(self, usage: Usage) -> FakeReply:
        """The answer to one call too many."""

    @abstractmethod
    def seal(self, document: dict[str, Any], at: datetime) -> Sealed:
        """One attempt at a webhook, vouched for as this provider does."""

    @abstractmethod
    def ring(self, kind: str, key: str) -> None:
        """Something this provider set an alarm for is due."""

    @abstractmethod
    def memory(self) -> object:
        """Everything it must not forget between two starts, as one dataclass."""

    @abstractmethod
    def remember(self, memory: Any) -> None:
        """Takes back what `memory` gave; of the same type."""

    def greet(self) -> None:
        """Sends the webhook that only tests the connection. Raises ApiRefusal where the provider has none."""
        raise ApiRefusal(409, "NO_TEST", f"{self.name} has no webhook that only tests the connection")

    def sell(self, wish: Mapping[str, Any]) -> FakeBill:
        """A buyer finds one of the goods at the provider's own shop page. Raises ApiRefusal where there is no such shop."""
        raise ApiRefusal(409, "NO_SHOP", f"{self.name} has no shop pages of its own here")

    @abstractmethod
    def bills(self) -> list[FakeBill]:
        """All payments asked for, oldest first."""

    @abstractmethod
    def bill(self, name: str) -> FakeBill | None:
        """The payment that has this id, reference or number."""

    @abstractmethod
    def act(self, name: str, act: str, amount: int | None, quirks: frozenset[str]) -> None:
        """Does to a payment what a payer, a bank or the provider's staff does. Raises ApiRefusal when that cannot be."""
