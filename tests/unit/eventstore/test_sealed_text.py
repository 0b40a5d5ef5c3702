"""Texts about persons under keys: what opens them, what does not, and what others can tell without a key."""

from __future__ import annotations

import re

import pytest

from eventstore.sealed_text import SealBroken, TextSealer, seal, sealed_part, token, unseal
from schemas.email_address import mailbox_of

SECRET = "one installation's key, long enough"
ADDRESSES = ["ratna@contoh.id", "stra\u00dfe@contoh.id", "o'brien+a@contoh.id", "\ud800@contoh.id"]


@pytest.mark.parametrize("text", [*ADDRESSES, "", "Ratna \u201cN\u201d\\ \x00", "x" * 5000])
def test_what_is_sealed_is_opened_by_its_key(text: str) -> None:
    sealer = TextSealer(SECRET)
    fresh = sealer.fresh()
    key = TextSealer(SECRET).unwrap(fresh.name, fresh.wrapped)
    assert key == fresh.key
    name, sealed = sealed_part(token(fresh.name, key, text))
    assert name == fresh.name
    assert sealed is not None
    assert unseal(name, key, sealed) == text


def test_the_same_text_seals_otherwise_every_time() -> None:
    fresh = TextSealer(SECRET).fresh()
    assert seal(fresh.name, fresh.key, "ratna@contoh.id") != seal(fresh.name, fresh.key, "ratna@contoh.id")


def test_another_key_another_name_and_a_changed_byte_open_nothing() -> None:
    sealer = TextSealer(SECRET)
    one, two = sealer.fresh(), sealer.fresh()
    sealed = seal(one.name, one.key, "ratna@contoh.id")
    for name, key, text in (
        (one.name, two.key, sealed),
        (two.name, one.key, sealed),
        (one.name, one.key, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (one.name, one.key, sealed[:5]),
    ):
        with pytest.raises(SealBroken):
            unseal(name, key, text)
    for other, name, wrapped in (
        (TextSealer("another installation's key, as long"), one.name, one.wrapped),
        (sealer, two.name, one.wrapped),
    ):
        with pytest.raises(SealBroken):
            other.unwrap(name, wrapped)


def test_an_address_is_found_by_an_index_that_others_cannot_compute() -> None:
    sealer = TextSealer(SECRET)
    assert len({sealer.index(one) for one in ADDRESSES}) == len(ADDRESSES)
    assert sealer.index("ratna@contoh.id") == TextSealer(SECRET).index("ratna@contoh.id")
    assert sealer.index("ratna@contoh.id") != TextSealer(SECRET + "x").index("ratna@contoh.id")


def test_a_name_is_drawn_by_chance_and_is_no_address() -> None:
    names = {TextSealer(SECRET).fresh().name for _ in range(100)}
    assert len(names) == 100
    assert all(re.fullmatch("~[a-z2-7]{16}", one) for one in names)


@pytest.mark.parametrize(
    ("said", "matched"),
    [
        (" Ratna@Contoh.ID ", "ratna@contoh.id"),
        ("~abcdefghijklmn23", "~abcdefghijklmn23"),
        ("~abcdefghijklmn23.AbC-_9", "~abcdefghijklmn23"),
        ("~abcdefghijklmn23@contoh.id", "~abcdefghijklmn23@contoh.id"),
        ("~short", None),
        ("", None),
        (None, None),
    ],
)
def test_a_customer_is_matched_by_an_address_or_by_its_name(said: str | None, matched: str | None) -> None:
    assert mailbox_of(said) == matched
