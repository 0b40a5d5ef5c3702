"""What is wrong with a body is said with its field and what would be right, in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.checkout_api import OrderBody, TopUpBody
from schemas.problem_reasons import reason_of

ORDER: dict[str, Any] = {"customer_id": "budi", "items": [{"product": "kelas-python"}]}
TOP_UP: dict[str, Any] = {"customer_id": "budi", "amount": 50_000, "payment_method": "qris"}


@pytest.mark.parametrize(
    ("model", "body", "english", "indonesian"),
    [
        (OrderBody, ORDER | {"items": []}, "items: no fewer than 1 in the list", "items: paling sedikit 1 dalam daftar"),
        (OrderBody, ORDER | {"items": ORDER["items"] * 51}, "items: no more than 50 in the list", "items: paling banyak 50 dalam daftar"),
        (OrderBody, ORDER | {"items": "x"}, "items: a list is expected", "items: harus berupa daftar"),
        (OrderBody, ORDER | {"items": [{"product": ""}]}, "items.0.product: must not be empty", "items.0.product: tidak boleh kosong"),
        (
            OrderBody, ORDER | {"items": [{"product": "a"}, {"product": "b", "quantity": 0}]},
            "items.1.quantity: at least 1", "items.1.quantity: paling sedikit 1",
        ),
        (OrderBody, ORDER | {"allow_second": "ya"}, "allow_second: true or false is expected", "allow_second: harus true atau false"),
        (
            TopUpBody, TOP_UP | {"payment_method": "cash"},
            "payment_method: one of qris, va, ewallet is expected", "payment_method: harus salah satu dari qris, va, ewallet",
        ),
        (TopUpBody, TOP_UP | {"nama lengkap <b>": 1}, "…: no such field", "…: tidak ada bidang ini"),
    ],
    ids=["none", "many", "no_list", "empty", "second", "no_bool", "one_of", "made_up"],
)  # fmt: skip
def test_a_refused_field_is_named_with_what_would_be_right(
    model: type[OrderBody | TopUpBody], body: dict[str, Any], english: str, indonesian: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(body)
    reason = reason_of(dict(refused.value.errors(include_url=False, include_input=False)[0]))
    assert (reason.said("en"), reason.said("id")) == (english, indonesian)
