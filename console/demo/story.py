"""The story as a person reads it: who paid, who has what and why, what waits, what was turned away."""

from __future__ import annotations

from collections.abc import Sequence

from console.demo.outcome import Change, DayResult
from console.demo.script import Script
from console.held_words import reason_in_words
from console.messages import text
from console.output import number, paint, print_data, rupiah
from providers.simulated import Buyer

CAUSES_SHOWN = 5


def tell(script: Script, outcome: DayResult) -> None:
    """The whole story on stdout."""
    print_data()
    print_data(paint(text("demo.customers"), "cyan"))
    for buyer in script.day.customers:
        _tell_customer(buyer, outcome)
    _tell_waiting(outcome)
    _tell_doors(outcome)


def _tell_customer(buyer: Buyer, outcome: DayResult) -> None:
    customer = str(buyer.customer_id)
    paid, refunded = outcome.paid.get(customer, (0, 0))
    money = text("demo.paid", amount=rupiah(paid))
    if refunded:
        money += text("demo.refunded", amount=rupiah(refunded))
    print_data()
    print_data(f"  {paint(buyer.name, 'green')} ({customer}) {money}")
    print_data(f"    {text('demo.has'):<5}{_possessions(customer, outcome)}")
    causes = outcome.causes.get(customer, [])
    shown = telling(causes)
    for number_, cause in enumerate(shown):
        lead = text("demo.why") if number_ == 0 else ""
        print_data(f"    {lead:<5}{describe(cause):<44} {cause.provider} {cause.payment_id}")
    if len(causes) > len(shown):
        print_data(f"    {'':<5}{text('demo.more', count=len(causes) - len(shown))}")


def _possessions(customer: str, outcome: DayResult) -> str:
    has = outcome.holdings[customer]
    things = [text("demo.tier", tier=has.tier)]
    if has.credit_tokens:
        things.append(text("demo.credit", tokens=number(has.credit_tokens)))
    if has.chat_tokens:
        things.append(text("demo.chat", tokens=number(has.chat_tokens)))
    things += sorted(has.courses) + sorted(has.plans)
    things += [text("demo.licence", code=code) for code in sorted(has.licences)]
    return " · ".join(things)


def telling(causes: Sequence[Change]) -> list[Change]:
    """At most CAUSES_SHOWN: one of each kind first, then the earliest, in the order they happened."""
    first = {cause.kind: index for index, cause in reversed(list(enumerate(causes)))}
    order = sorted(range(len(causes)), key=lambda index: (first[causes[index].kind] != index, index))
    return [causes[index] for index in sorted(order[:CAUSES_SHOWN])]


def describe(cause: Change) -> str:
    """What one decision gave or took, in a few words."""
    data = cause.data
    return text(
        f"demo.{cause.kind}",
        amount=text("demo.not_told") if data.get("amount_idr") is None else rupiah(data["amount_idr"]),
        tokens=number(data.get("tokens") or 0),
        chat=number(data.get("chat_tokens") or 0),
        what=data.get("course") or data.get("product") or data.get("plan") or data.get("licence_code") or "",
        late=text("demo.late") if data.get("late") else "",
    )


def _tell_waiting(outcome: DayResult) -> None:
    print_data()
    print_data(paint(text("demo.waiting"), "cyan"))
    for reason, (count, amount) in outcome.held.items():
        print_data(f"  {rupiah(amount):>14}  {count:>3} ×  {reason_in_words(reason)}")
    for provider, reason, count in outcome.parked:
        print_data(f"  {text('demo.parked'):>14}  {count:>3} ×  {provider}: {reason}")


def _tell_doors(outcome: DayResult) -> None:
    print_data()
    print_data(paint(text("demo.turned_away"), "cyan"))
    for provider, cause, count in outcome.rejected:
        print_data(f"  {count:>4} ×  {provider}: {cause}")
    repeated = outcome.outcomes.get("duplicate", 0)
    print_data(text("demo.repeated", count=number(repeated)))
