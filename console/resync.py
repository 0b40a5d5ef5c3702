"""Ids of another store in the catalogue: which they are, what they become, and the file with nothing but them changed. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import tomlkit
from tomlkit.items import Array

from providers.scalev.shelf import GoodKind, StoreGood
from schemas.catalog import Catalog, Product

FIELDS: dict[GoodKind, str] = {
    "variant": "variant_unique_ids",
    "bundle": "bundle_price_option_unique_ids",
}
_QUOTED = re.compile(r"""\#[^\n]*|(?P<mark>["'])(?P<id>[^"'\n\\]*)(?P=mark)""")
"""A comment to its end, or a text in quotes; of what is neither, nothing is taken for one."""
How = Literal["in_store", "name_and_price", "by_hand", "other_price", "other_name", "several", "none"]
SURE: frozenset[How] = frozenset({"name_and_price", "by_hand"})
"""What is applied; the rest is shown for a person to decide."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One id of the catalogue. `candidates`: what of the store it could be; the first one is it where `how` is sure."""

    product: str
    kind: GoodKind
    old: str
    price: int | None
    how: How
    candidates: tuple[StoreGood, ...] = ()

    @property
    def new(self) -> str | None:
        return self.candidates[0].unique_id if self.how in SURE and self.candidates else None

    @property
    def stale(self) -> bool:
        return self.how != "in_store"


def proposals(
    catalog: Catalog, goods: Sequence[StoreGood], by_hand: Mapping[str, str] | None = None
) -> list[Proposal]:
    """One for each id that the catalogue names. `by_hand`: old id → new id, as an operator decided."""
    found: list[Proposal] = []
    for product in catalog.products:
        for kind, field in FIELDS.items():
            ids: tuple[str, ...] = getattr(product.scalev, field) if product.scalev else ()
            found += [_proposal(product, kind, old, goods, by_hand or {}) for old in ids]
    return _once(found)


def misplaced(found: Sequence[Proposal], goods: Sequence[StoreGood], by_hand: Mapping[str, str]) -> list[str]:
    """Ids of decisions by hand that are none: an old one that the catalogue does not name, a new one that is nothing of its kind in the store."""
    kinds: dict[str, set[GoodKind]] = {}
    for one in found:
        kinds.setdefault(one.old, set()).add(one.kind)
    sold = {(good.kind, good.unique_id) for good in goods}
    strange = [old for old in by_hand if old not in kinds]
    return strange + [
        new
        for old, new in by_hand.items()
        if old in kinds and not any((kind, new) in sold for kind in kinds[old])
    ]


def with_new_ids(text: str, chosen: Sequence[Proposal]) -> str:
    """The catalogue file with these ids in the place of the old ones; comments, order and everything else stay as they were."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    before = text.removeprefix(mark)
    document = tomlkit.parse(before)
    for product in document.get("products", ()):
        for one in chosen:
            if product.get("id") == one.product and one.new is not None:
                _replace(product["scalev"][FIELDS[one.kind]], one.old, one.new)
    meant = tomlkit.dumps(document)
    # The library puts tables of one name together. Where the words alone lead to the same, nothing moves.
    exchanged = _exchanged(before, {one.old: one.new for one in chosen if one.new is not None})
    return mark + (exchanged if tomllib.loads(exchanged) == tomllib.loads(meant) else meant)


def _proposal(
    product: Product, kind: GoodKind, old: str, goods: Sequence[StoreGood], by_hand: Mapping[str, str]
) -> Proposal:
    def answer(how: How, *candidates: StoreGood) -> Proposal:
        return Proposal(product.id, kind, old, product.price_idr, how, candidates)

    same_kind = [good for good in goods if good.kind == kind]
    for good in same_kind:
        if good.unique_id == by_hand.get(old, old):
            return answer("by_hand" if old in by_hand else "in_store", good)
    names = {_plain(product.title), _plain(product.id)} - {""}
    named = [good for good in same_kind if _plain(good.name) in names]
    priced = [good for good in same_kind if product.price_idr and good.price == product.price_idr]
    both = [good for good in named if good in priced]
    if len(both) == 1:
        return answer("name_and_price", *both)
    if len(both) > 1:
        return answer("several", *both)
    if named:
        return answer("other_price", *named)
    return answer("other_name", *priced) if priced else answer("none")


def _once(found: list[Proposal]) -> list[Proposal]:
    """Nothing of the store becomes two things of ours: then a person decides."""
    taken: dict[str, int] = {}
    for one in found:
        name = one.candidates[0].unique_id if one.new or one.how == "in_store" else None
        if name is not None:
            taken[name] = taken.get(name, 0) + 1
    return [
        Proposal(one.product, one.kind, one.old, one.price, "several", one.candidates)
        if one.how == "name_and_price" and taken[one.candidates[0].unique_id] > 1
        else one
        for one in found
    ]


def _replace(ids: Any, old: str, new: str) -> None:
    if not isinstance(ids, Array):
        return
    for index, value in enumerate(ids):
        if value == old:
            ids[index] = new


def _exchanged(text: str, ids: Mapping[str, str]) -> str:
    """The text with these texts in the place of others, wherever they stand in quotes and not in a comment."""

    def word(found: re.Match[str]) -> str:
        return found[0] if found["id"] not in ids else f"{found['mark']}{ids[found['id']]}{found['mark']}"

    return _QUOTED.sub(lambda found: found[0] if found["id"] is None else word(found), text)


def _plain(name: str) -> str:
    """A name without its case, its punctuation and its spaces."""
    return re.sub(r"[\W_]+", "", name.casefold())
