"""The catalogue: what is sold, what it grants, and how providers name it. Dated data, never code."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from functools import cached_property, lru_cache
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from schemas.attestation import LEVELS, RANK, Attestation
from schemas.catalog_lines import line_naming, line_of
from schemas.catalog_words import CatalogPart, Count, Duration, Identifier, Rupiah, Span
from schemas.credit_terms import Credit, DatedRate, SpendRate
from schemas.decision_model import LatePayment, Overpaid, PartRefund
from schemas.errors import CatalogError
from schemas.facts import ProductHint
from schemas.periods import Period


class Tier(CatalogPart):
    """Quotas of a customer. None = unlimited."""

    id: Identifier
    monthly_tokens: Count | None = None
    daily_tokens: Count | None = None
    monthly_papers: Count | None = None
    credit_based: bool = False


class ScalevNames(CatalogPart):
    """Ids of a product in the Scalev store."""

    variant_unique_ids: tuple[str, ...] = ()
    bundle_price_option_unique_ids: tuple[str, ...] = ()


class MayarNames(CatalogPart):
    """A Mayar product id matches exactly; a tier name when it contains one of `tier_names` in any case."""

    tier_names: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()


class XenditNames(CatalogPart):
    """How the `reference_id` of a recurring plan begins."""

    plan_references: tuple[str, ...] = ()


class Product(CatalogPart):
    """One thing that can be bought.

    `part_refund`: what becomes of a course or a plan when a part of its money goes back: `keep` (it stays until all of it went back), `shorten`
    (a plan ends earlier by the same share of its time), `end` (it ends with the first part). When all went back it always ends; tokens and credit
    always go back by shares. `late`: what becomes of money for it that is paid after its request has ended (`honour`, `hold` or `refund`, as for
    credit). `overpaid`: of rupiah beyond what we asked for: `hold` (the product is delivered, what is over waits for a person), `credit` (it becomes
    the customer's credit) or `keep` (it counts as the price).
    """

    id: Identifier
    kind: Literal["course", "tokens", "plan"]
    title: str = ""
    price_idr: Rupiah | None = None
    chat_tokens: Count | None = None
    tier: Identifier | None = None
    period: Duration | None = None
    grace: Duration | None = None
    part_refund: PartRefund = "keep"
    late: LatePayment = "honour"
    overpaid: Overpaid = "hold"
    scalev: ScalevNames | None = None
    mayar: MayarNames | None = None
    xendit: XenditNames | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "tokens" and self.chat_tokens is None:
            raise ValueError("a product of kind tokens needs chat_tokens")
        if self.kind == "plan" and self.period is None:
            raise ValueError("a product of kind plan needs a period")
        if self.kind == "tokens" and self.part_refund != "keep":
            raise ValueError("tokens go back by shares: part_refund is for courses and plans")
        if self.kind == "course" and self.part_refund == "shorten":
            raise ValueError('a course has no end that could come earlier: part_refund is "keep" or "end"')
        return self


class GrantLimits(CatalogPart):
    """Rupiah of one payment that may be granted on each level of attestation; None: any amount. A limit holds for the weaker levels too."""

    signed: Rupiah | None = None
    api_confirmed: Rupiah | None = None
    settled: Rupiah | None = None


class ProviderPolicy(CatalogPart):
    """Per provider: payments proved only by a static token are granted up to `confirm_above_idr`; `grant_up_to_idr` are the limits of the
    levels above it (`schemas/attestation.py`). Beyond its limit money is held until more is known; an operator's word has no limit.

    A completion that was announced, of a payment or of a period of a plan with a price, and whose money is not told within
    `unconfirmed_after_minutes` is shown as unconfirmed: an hour is longer than the first two of a provider's repetitions. `disputes`: what happens to what was bought when a payer's bank asks for the money back:
    `tell` nothing but operators are told; `clawback` a lost one takes it back as a refund does; `freeze` an open one does already, and a won
    one gives it back. `reversals`: a payment that somebody at the provider set back to unpaid `keep`s what it bought until an operator decides, or
    what it bought is taken back at once (`clawback`), and is there again when it is set to paid again. `disowned`: what happens to what was bought
    with a payment that the provider, on being asked, does not know or calls unpaid: `tell` operators, or `freeze` it until the provider stands by the payment.
    `expiring_soon`: so long before its end a subscription is announced as expiring, once per end. `expired_early`: a
    subscription that the provider calls over before its end: `keep` access until the end that was paid for, or `end` it; operators are told
    either way. `clock_tolerance`: so long after the end that we had set, by its own clock, money still counts as in time: its clock and ours differ
    by a few seconds. Of an end that it set itself no such grace is needed.
    """

    payload_without_id: Literal["grant", "hold"] = "grant"
    confirm_above_idr: Rupiah = 500000
    grant_up_to_idr: GrantLimits = GrantLimits()
    unconfirmed_after_minutes: int = Field(default=60, ge=1, le=60 * 24 * 30)
    disputes: Literal["tell", "freeze", "clawback"] = "tell"
    reversals: Literal["keep", "clawback"] = "keep"
    disowned: Literal["tell", "freeze"] = "tell"
    expiring_soon: Span = "3 days"
    expired_early: Literal["keep", "end"] = "keep"
    clock_tolerance: Span = "5s"

    @cached_property
    def tolerance(self) -> timedelta:
        """How far the provider's clock may be from ours."""
        return Period.parse(self.clock_tolerance).span

    def may_grant(self, level: Attestation | None) -> int | None:
        """Up to how many rupiah of one payment are granted when so much is known of it; None: any amount.

        Without a level an earlier program kept no more than that somebody vouched for it: as if the provider had been asked.
        """
        limits = self.grant_up_to_idr
        of_each = (self.confirm_above_idr, limits.signed, limits.api_confirmed, limits.settled)
        rank = RANK[level or "api_confirmed"]
        return _least(of_each[rank:])

    def needed_for(self, amount: int) -> Attestation:
        """The least that must be known before so many rupiah of one payment are granted."""
        enough = (level for level in LEVELS if (limit := self.may_grant(level)) is None or amount <= limit)
        return next(enough, "operator")


@lru_cache(maxsize=256)
def _least(limits: tuple[int | None, ...]) -> int | None:
    """The least of the limits that are set. Remembered by what they are, so that no other policy can be meant; a catalogue has a handful."""
    return min((limit for limit in limits if limit is not None), default=None)


_DEFAULT_POLICY = ProviderPolicy()
_MONTH = timedelta(days=31)  # to compare lengths of periods by


@dataclass(frozen=True, slots=True)
class Match:
    """The product a provider meant, or why there is none: `unmapped_product` or `ambiguous_product`."""

    product: Product | None
    quantity: int = 1
    reason: str | None = None


class Catalog(CatalogPart):
    """The whole catalogue."""

    credit: Credit = Credit()
    tiers: tuple[Tier, ...] = (Tier(id="gratis"), Tier(id="bpp", credit_based=True))
    products: tuple[Product, ...] = ()
    providers: dict[str, ProviderPolicy] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        tiers = [tier.id for tier in self.tiers]
        _no_duplicates("tier", tiers)
        _no_duplicates("product", [product.id for product in self.products])
        for product in self.products:
            if product.tier is not None and product.tier not in tiers:
                raise ValueError(
                    f'product {product.id} names the tier "{product.tier}", which is not defined'
                )
        if not tiers:
            raise ValueError("at least one tier is needed; the first one is every new customer's")
        return self

    @cached_property
    def version(self) -> str:
        """First 16 hex of the SHA-256 over the canonical JSON of the content."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @property
    def first_tier(self) -> str:
        return self.tiers[0].id

    @property
    def credit_tier(self) -> str:
        """The tier that the first top-up leads to."""
        return next((tier.id for tier in self.tiers if tier.credit_based), self.first_tier)

    def product(self, product_id: str) -> Product | None:
        return next((product for product in self.products if product.id == product_id), None)

    def policy(self, provider: str) -> ProviderPolicy:
        return self.providers.get(provider, _DEFAULT_POLICY)

    def longest_plan(self, provider: str) -> Period | None:
        """The longest period of the plans that this provider sells; None when it sells none."""
        plans = [p for p in self.products if p.kind == "plan" and getattr(p, provider, None) is not None]
        periods = [Period.parse(plan.period) for plan in plans if plan.period]
        return max(periods, key=lambda period: period.months * _MONTH + period.span, default=None)

    def plan_priced(self, provider: str, amount: int | None) -> Match:
        """The one plan that this provider sells at this price. Of two, or none, it is never guessed."""
        plans = [p for p in self.products if p.kind == "plan" and getattr(p, provider, None) is not None]
        found = [p for p in plans if amount and p.price_idr == amount]
        if len(found) == 1:
            return Match(found[0])
        return Match(None, reason="ambiguous_product" if found else "unmapped_product")

    def match(self, hints: Sequence[ProductHint]) -> Match:
        """By id first, then tier name, then package. Matching two products, or none, is never guessed at."""
        for kinds in _LEVELS:
            level = [hint for hint in hints if hint.kind in kinds]
            found = {p.id: p for hint in level for p in self.products if _names(p, hint)}
            if len(found) > 1:
                return Match(None, reason="ambiguous_product")
            if found:
                quantity = max(hint.quantity for hint in level)
                return Match(next(iter(found.values())), quantity)
        return Match(None, reason="unmapped_product")


_LEVELS = (("catalog", "variant", "bundle", "product", "plan_reference"), ("tier",), ("package",))


def _names(product: Product, hint: ProductHint) -> bool:
    value = hint.value
    if hint.kind == "catalog":
        return product.id == value
    if hint.kind == "variant":
        return product.scalev is not None and value in product.scalev.variant_unique_ids
    if hint.kind == "bundle":
        return product.scalev is not None and value in product.scalev.bundle_price_option_unique_ids
    if hint.kind == "plan_reference":
        return product.xendit is not None and value.startswith(
            tuple(filter(None, product.xendit.plan_references))
        )
    if product.mayar is None:
        return False
    if hint.kind == "product":
        return value in product.mayar.product_ids
    return any(name and name.casefold() in value.casefold() for name in product.mayar.tier_names)


def _no_duplicates(what: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise ValueError(f'the {what} id "{one}" is used twice')
        seen.add(one)


_PARTS: tuple[type[CatalogPart], ...] = (
    Catalog, Credit, DatedRate, SpendRate, Tier, Product, ScalevNames, MayarNames, XenditNames, ProviderPolicy, GrantLimits,
)  # fmt: skip


def parse_catalog(
    text: str, source: str = "catalog.toml", *, providers: Collection[str] | None = None
) -> Catalog:
    """Raises CatalogError whose text names the file, and of everything that is wrong the line and what is expected, a line each.

    `providers`: whose policies it may set; a misspelt name would silently leave a provider on the defaults.
    """
    try:
        document: dict[str, Any] = tomllib.loads(text.removeprefix("\ufeff"))  # some editors begin with it
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(f"{source}: not valid TOML: {error}") from None
    try:
        catalog = Catalog.model_validate(document)
    except ValidationError as error:
        raise CatalogError("\n".join(_wrong(source, text, each) for each in error.errors())) from None
    for provider in catalog.providers:
        if providers is not None and provider not in providers:
            said = f'there is no provider "{provider}"; there are {", ".join(providers)}'
            raise CatalogError(f"{source}, line {line_naming(text, said)}: catalogue: {said}")
    return catalog


def _wrong(source: str, text: str, error: ErrorDetails) -> str:
    path = ".".join(str(part) for part in error["loc"])
    said = _said(error)
    line = line_of(text, error["loc"]) if error["loc"] else line_naming(text, said)
    return f"{source}, line {line}: {path or 'catalogue'}: {said}"


def _said(error: ErrorDetails) -> str:
    if error["type"] != "extra_forbidden":
        return error["msg"].removeprefix("Value error, ")
    known = {name for part in _PARTS for name in part.model_fields}
    near = get_close_matches(str(error["loc"][-1]), sorted(known), n=1)
    return "nothing is known by this name" + (f"; did you mean {near[0]}?" if near else "")


def fill_names(
    catalog: Catalog,
    *,
    variant: str | None = None,
    bundle: str | None = None,
    mayar_product: str | None = None,
) -> Catalog:
    """Give the ids from the environment to the single product that names none; where both speak, the catalogue wins."""
    if variant or bundle:
        names = ScalevNames(
            variant_unique_ids=(variant,) if variant else (),
            bundle_price_option_unique_ids=(bundle,) if bundle else (),
        )
        catalog = _fill(catalog, "scalev", names, [p for p in catalog.products if _lacks_scalev_names(p)])
    if mayar_product:
        nameless = [p for p in catalog.products if p.mayar is not None and not p.mayar.product_ids]
        bare = [p for p in nameless if p.mayar is not None and not p.mayar.tier_names] or nameless
        for product in bare[:1] if len(bare) == 1 else ():
            old = product.mayar or MayarNames()
            catalog = _fill(
                catalog, "mayar", old.model_copy(update={"product_ids": (mayar_product,)}), [product]
            )
    return catalog


def _lacks_scalev_names(product: Product) -> bool:
    if product.scalev is None:
        return product.kind == "course" and product.mayar is None and product.xendit is None
    return not (product.scalev.variant_unique_ids or product.scalev.bundle_price_option_unique_ids)


def _fill(catalog: Catalog, provider: str, names: CatalogPart, candidates: list[Product]) -> Catalog:
    if len(candidates) != 1:
        return catalog
    chosen = candidates[0]
    filled = tuple(
        p.model_copy(update={provider: names}) if p.id == chosen.id else p for p in catalog.products
    )
    return catalog.model_copy(update={"products": filled})
