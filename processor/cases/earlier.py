"""State as programs before docs/adr/0038 stored it: facts and what we said of them in one flat object.

What they granted stands as it is: they kept no grounds to judge it by. Later news about it is shown to an operator, refunds still take it back.
"""

from __future__ import annotations

from typing import Any

from processor.cases.keys import extra_key, is_extra

Json = dict[str, Any]

_FACTS = (
    "key", "provider", "payment_key", "names", "aliases", "attempts", "refunds", "group_id", "reusable", "registers",
    "payers", "orders", "spam_marks", "cancelled_at", "deleted_at", "claims",
)  # fmt: skip


def converted(old: Any) -> Any:
    """State as it is stored now; what no earlier program wrote is left as it is."""
    if not isinstance(old, dict) or "facts" in old:
        return old
    kinds = {"payment_key": _payment, "subscription_key": _subscription, "customer_id": _customer}
    convert = next((kinds[name] for name in kinds if name in old), None)
    return convert(old) if convert else old


def _payment(old: Json) -> Json:
    facts = {name: old[name] for name in _FACTS if name in old}
    facts["write_offs"] = {one: {"actor": actor} for one, actor in old.get("write_offs", {}).items()}
    closed = {key: part for key, part in old.get("closed", {}).items() if part["why"] != "refunded"}
    facts["fixed"] = bool(old.get("grants") or closed)
    parts: Json = {key: _granted(old, key, part) for key, part in old.get("grants", {}).items()}
    parts |= {key: _closed(part) for key, part in closed.items()}
    parts |= {key: _held(old, part) for key, part in old.get("holds", {}).items()}
    parts |= {f"{old['key']}~{n} stray": _held(old, one) for n, one in enumerate(old.get("stray_holds", ()))}
    parts |= {key: _granted(old, key, part) for key, part in old.get("stray_grants", {}).items()}
    record: Json = {"parts": parts, "told": old.get("told", []), "apart": old.get("counted_twice", [])}
    record |= {"merged": old.get("merged_records", []), "untold": old.get("new_facts", [])}
    if old.get("owner"):
        record["owned"] = {"customer_id": old["owner"], "words": ""}
    return {"facts": facts, "record": record}


def _granted(old: Json, key: str, part: Json) -> Json:
    if is_extra(key):
        attempts = [key.removeprefix(extra_key(""))]
    else:
        attempts = old.get("main") or list(old.get("attempts", {}))
    kept = ("kind", "customer_id", "product", "tokens", "refunds", "at", "order_id")
    granted = {name: part[name] for name in kept if name in part}
    return {"is": "granted", "amount": part["amount_idr"], "attempts": attempts, **granted}


def _closed(part: Json) -> Json:
    return {"is": "closed", "attempts": part.get("attempts", []), "refunds": part.get("refunds", {})}


def _held(old: Json, part: Json) -> Json:
    paid = [at for one in old.get("attempts", {}).values() if (at := one.get("paid_at"))]
    kept = {"suspense_id": part["suspense_id"], "reason": part["reason"], "amount": part["amount"]}
    said = {"payment_id": old["payment_key"], "since": min(paid), "refunded": part.get("refunded_idr", 0)}
    return {"is": "held", **kept, **said}


def _subscription(old: Json) -> Json:
    kept = ("key", "provider", "subscription_key", "written_off")
    facts: Json = {name: old[name] for name in kept if name in old}
    facts["payers"] = {payer: _reports(told) for payer, told in old.get("payers", {}).items()}
    if old.get("claimed_by"):
        words = {"customer_id": old["claimed_by"], "product": old.get("claim_product"), "actor": ""}
        facts["claim"] = {**words, "position": old.get("claim_position", 0)}
    said = ("owner", "warned_for", "held", "held_said") if old.get("held") else ("owner", "warned_for")
    record = {name: old[name] for name in said if name in old}
    return {"facts": facts, "record": {**record, "said": old.get("snapshot"), "told": old.get("parked", [])}}


def _reports(old: Json) -> Json:
    gone = ("created_at", "customer_ref", "licence_code", "member_id")
    new = {name: value for name, value in old.items() if name not in gone}
    new["words"] = {name: {"at": old["first_at"], "value": old[name]} for name in gone[1:] if old.get(name)}
    naming = new.get("naming")
    if naming and naming["reaches"]:
        new["reaching"] = new.pop("naming")
    cycles = old.get("cycles", {}).items()
    new["cycles"] = {key: {name: one[name] for name in one if name != "final"} for key, one in cycles}
    return new


def _customer(old: Json) -> Json:
    new = {
        name: value for name, value in old.items() if name not in ("known", "course_times", "course_heirs")
    }
    times, heirs = old.get("course_times", {}), old.get("course_heirs", {})
    new["courses"] = {
        course: {f"{case} ?": {"case": case, "at": times.get(course, _LONG_AGO), "opened": True}}
        for course, case in old.get("courses", {}).items()
    }
    for course, heir in heirs.items():
        new["courses"].setdefault(course, {})[f"{heir['case']} ?"] = heir
    new["purchases"] = {
        product: {name: _bought(one) for name, one in purchases.items()}
        for product, purchases in old.get("purchases", {}).items()
    }
    return new


_LONG_AGO = "1970-01-01T00:00:00Z"
"""Of a course without a time: nobody bought it before."""


def _bought(old: Json) -> Json:
    terms = {name: old.get(name) for name in ("period", "grace", "tier")}
    kept: Json = {name: old[name] for name in ("at", "quantity", "refunded_at") if name in old}
    return {"terms": terms, **kept}
