"""Who takes part in a simulated day: the buyers, the three providers' simulators, and the outcome so far. Names are invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import TypeVar

from providers.mayar.simulator import MayarSimulator
from providers.scalev.simulator import ScalevSimulator
from providers.simulated import Buyer
from providers.simulated_outcome import ExpectedOutcome
from providers.xendit.simulated_bodies import XenditPayment
from providers.xendit.simulator import CHANNELS, XenditSimulator

T = TypeVar("T")

COURSE = "kelas-python"
COURSE_PRICE = 150_000
PLAN = "pro-bulanan"
PLAN_PRICE = 200_000
PACKAGES = {"Silver": (75_000, 5), "Gold": (150_000, 100)}
"""Mayar tier name → price in rupiah (Mayar's own) and chat tokens (the shipped catalogue's)."""

_TOPUPS = (25_000, 50_000, 100_000)
_FIRST = ("Ratna", "Budi", "Sri", "Joko", "Galih", "Dewi", "Agus", "Wayan", "Siti", "Made", "Putri", "Rizky")
_LAST = ("Wulandari", "Harsono", "Lestari", "Wibisono", "Prakoso", "Anggraini", "Santoso", "Nugroho")


class Cast:
    """Everything a story needs."""

    def __init__(
        self, rng: Random, secrets: Mapping[str, str], buyers: tuple[Buyer, ...], course_variant: str
    ) -> None:
        self.rng = rng
        self.buyers = buyers
        self.xendit = XenditSimulator(secrets["xendit"], rng)
        self.mayar = MayarSimulator(secrets["mayar"], rng)
        self.scalev = ScalevSimulator(secrets["scalev"], rng)
        self.variant = course_variant
        self.outcome = ExpectedOutcome()
        self.short_sales: set[tuple[str, str]] = set()
        self._strangers = 0
        for buyer in buyers:
            self.outcome.of(buyer.customer_id)

    def buyer(self) -> Buyer:
        return self.rng.choice(self.buyers)

    def stranger(self) -> Buyer:
        """Somebody no application ever registers."""
        self._strangers += 1
        return Buyer(f"tamu-{self._strangers}@contoh.id", "Tamu Tak Dikenal")

    def one(self, *choices: T) -> T:
        return self.rng.choice(choices)

    def payment(self, buyer: Buyer, at: datetime, amount: int | None = None) -> XenditPayment:
        """A top-up of one of the offered amounts, of another one now and then."""
        odd = self.rng.random() < 0.1
        usual = self.rng.randrange(10_000, 200_000, 500) if odd else self.one(*_TOPUPS)
        return self.xendit.payment(amount=amount or usual, buyer=buyer, at=at, channel=self.one(*CHANNELS))

    def credited(self, at: datetime) -> XenditPayment:
        """A top-up that will be credited."""
        buyer = self.buyer()
        payment = self.payment(buyer, at)
        self.outcome.topped_up(buyer.customer_id, payment.amount)
        return payment


def invented_buyers(count: int, rng: Random) -> tuple[Buyer, ...]:
    """Customers `pelanggan-001`, … with their own e-mail addresses."""
    buyers = []
    for number in range(1, count + 1):
        first, last = rng.choice(_FIRST), rng.choice(_LAST)
        email = f"{first}.{last}.{number:03d}@contoh.id".lower()
        phone = f"0812{rng.randrange(10**8):08d}"
        buyers.append(Buyer(email, f"{first} {last}", f"pelanggan-{number:03d}", phone))
    return tuple(buyers)
