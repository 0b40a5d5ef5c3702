"""What a line of a payment's timeline says beyond its name, in a few words; and what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from console.messages import text, value
from console.output import number, rupiah
from console.timeline import Entry
from schemas.envelope import RECONCILED

IDR = "IDR"


def describe(entry: Entry) -> str:
    """What a line says beyond its name, in a few words."""
    detail = entry.detail
    if entry.kind == "delivery":
        return ", ".join(_delivery(entry))
    if entry.kind == "letter":
        return _letter(detail)
    if entry.kind == "notification":
        return _notification(detail)
    if entry.kind == "act":
        return f"{detail['actor']}: {detail['reason']}"
    if entry.what == "provider.called":
        return _call(detail)
    words = [
        value(str(detail.get("status") or "")),
        rupiah(amount) if isinstance(amount := detail.get("amount_idr", detail.get("amount")), int) else None,
        detail.get("course") or detail.get("product") or detail.get("plan"),
        detail.get("tier"),
        detail.get("reason"),
        value(level) if entry.kind == "fact" and (level := _level(detail)) else None,
        value(str(detail.get("resolution") or "")),
        f"→ {detail['customer_id']}" if detail.get("customer_id") and entry.kind == "decision" else None,
    ]
    return " ".join(str(word) for word in words if isinstance(word, str) and word)


def grounds(entry: Entry) -> Iterator[str]:
    """Why it was decided, what it posted, and which read models do not show it yet; nothing of what is outside the log."""
    if entry.because_of is not None:
        yield text("payment.because_of", position=number(entry.because_of))
    for name, zone in entry.zones.items():
        declared = zone.removeprefix("none:")
        key = "payment.written_in" if declared == zone else "payment.written_without"
        yield text(key, name=name, zone=declared)
    if entry.catalog_version is not None:
        yield text("payment.by_catalog", version=entry.catalog_version)
    yield from (f"{account} {amount}" for account, amount in posted([entry]))
    shown = [name for name, there in entry.read_models.items() if there]
    behind = [name for name, there in entry.read_models.items() if not there]
    if shown:
        yield text("payment.shown_in", names=", ".join(shown))
    if behind:
        yield text("payment.not_shown_in", names=", ".join(behind))


def posted(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """What they moved together, by account; what went there and back is not told."""
    moved: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        for posting in entry.detail.get("postings", ()):
            moved[posting["account"], posting["unit"]] += posting["amount"]
    return [(account, signed(amount, unit)) for (account, unit), amount in moved.items() if amount]


def signed(amount: int, unit: str) -> str:
    """`+Rp 50,000`, `−500 TOKEN`."""
    sign = "+" if amount > 0 else "−"
    return f"{sign}{rupiah(abs(amount)) if unit == IDR else f'{number(abs(amount))} {unit}'}"


def _delivery(entry: Entry) -> Iterator[str]:
    """What became of it, how it was verified, and its way through the queue."""
    detail = entry.detail
    reason = f" ({detail['reason']})" if detail["reason"] else ""
    yield f"{value(detail['status'])}{reason}"
    if detail["scheme"] == RECONCILED:
        yield text("payment.asked_provider")
    else:
        yield text("webhook.verified", scheme=detail["scheme"], secret_id=detail["secret_id"])
    if detail["queue"]:
        yield detail["queue"]
    if detail["attempts"]:
        yield text("payment.attempts", count=number(detail["attempts"]))
    if detail["handed_out"]:
        yield text("payment.handed_out", count=number(detail["handed_out"]))
    yield f"{number(detail['processing_ms'])} ms"
    yield entry.id


def _letter(detail: Mapping[str, Any]) -> str:
    """Where it failed, how often, and who dealt with it."""
    words = [value(detail["stage"])]
    if detail["attempts"]:
        words.append(text("payment.attempts", count=number(detail["attempts"])))
    by = f" ({detail['resolved_by']})" if detail["resolved_by"] else ""
    return ", ".join([*words, f"{value(detail['status'])}{by}"])


def _notification(detail: Mapping[str, Any]) -> str:
    """To whom, and what came of it."""
    words = [f"→ {detail['receiver']}", value(detail["status"])]
    if detail["attempts"]:
        words.append(text("payment.tried", count=number(detail["attempts"])))
    words += [str(each) for each in (detail["answered"], detail["trouble"]) if each]
    return ", ".join(words)


def _level(detail: Mapping[str, Any]) -> str | None:
    """How much is known of a fact, as it says itself."""
    said = detail.get("attestation")
    return str(said) if said else "token_only" if detail.get("token_only") else None


def _call(detail: Mapping[str, Any]) -> str:
    """What we asked a provider, and what became of it."""
    status = f" {detail['status']}" if detail.get("status") else ""
    code = f" ({detail['code']})" if detail.get("code") else ""
    return f"{detail['operation']}: {value(detail['outcome'])}{status}{code}, {number(detail.get('milliseconds', 0))} ms"
