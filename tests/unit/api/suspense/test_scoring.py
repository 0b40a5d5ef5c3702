"""Whose held money it may be: what only one payment and one customer share weighs most, a name alone makes nobody likely."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.suspense.likeness import distance, likeness, spellings
from api.suspense.scoring import BEFORE, CLOCKS, HeldMoney, OpenRequest, Person, RankedCustomer, rank
from providers.payer import PayerFields, payer_signs
from providers.registry import PROVIDERS
from schemas.candidate_reasons import CANDIDATE_REASONS, explained
from schemas.vocabulary import CandidateReason, CandidateStrength

PAID = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
MONEY = HeldMoney(50_000, PAID, emails=("ratna@contoh.id",), methods=frozenset({"qris"}))


def asked(minutes: float = 10, amount: int = 50_000, name: str = "req_1", method: str = "va") -> OpenRequest:
    return OpenRequest(name, amount, PAID - timedelta(minutes=minutes), frozenset({method}))


def reasons(held: HeldMoney, *people: Person) -> dict[str, list[str]]:
    return {one.customer_id: [sign.reason for sign in one.signs] for one in rank(held, people)}


@pytest.mark.parametrize(
    ("held", "person", "expected"),
    [
        ({"customer_id": "ratna"}, {}, ["owner"]),
        ({}, {"email": "ratna@contoh.id"}, ["email"]),
        ({}, {"email": "ratan@contoh.id"}, ["email_near"]),
        ({}, {"email": "ratna+toko@contoh.id"}, ["email_alias"]),
        ({}, {"email": "ratna@gmail.com"}, ["email_mailbox"]),
        ({}, {"email": "wayan@contoh.id"}, []),
        ({"phones": frozenset({"+628121"})}, {"phone": "+628121"}, ["phone"]),
        ({"phones": frozenset({"+628121"})}, {"phone": "+628122"}, []),
        ({"named": ("RATNA",)}, {}, ["named"]),
        ({"references": frozenset({"req_1"})}, {"requests": (asked(),)}, ["reference"]),
        ({}, {"requests": (asked(),)}, ["open_request"]),
        ({}, {"requests": (asked(method="qris"),)}, ["open_request", "open_request_channel"]),
        ({}, {"requests": (asked(amount=50_001),)}, []),
        ({}, {"requests": (asked(minutes=-6),)}, []),
        ({}, {"requests": (asked(minutes=8 * 24 * 60 + 1),)}, []),
        ({"amount": None}, {"requests": (asked(),)}, []),
        ({}, {"earlier": 3}, ["earlier_payments"]),
        ({"names": frozenset({"ratna wulandari"})}, {"name": "ratna wulandari"}, ["name"]),
    ],
)
def test_each_sign_speaks_for_a_customer(
    held: dict[str, Any], person: dict[str, Any], expected: list[str]
) -> None:
    found = reasons(replace(MONEY, **held), Person("ratna", **person))
    assert found == ({"ratna": expected} if expected else {})


def test_an_open_request_weighs_less_when_others_were_asked_for_the_same() -> None:
    alone = rank(MONEY, [Person("a", requests=(asked(),))])
    shared = rank(MONEY, [Person(one, requests=(asked(),)) for one in ("a", "b", "c")])
    assert alone[0].score > shared[0].score
    assert shared[0].signs[0].values["others"] == 2
    assert [one.strength for one in (*alone, *shared)] == ["likely", "weak", "weak", "weak"]


def test_a_name_alone_is_weak_and_never_outweighs_another_sign() -> None:
    held = replace(MONEY, names=frozenset({"budi santoso"}))
    named = Person("named", name="budi santoso")
    for other in (
        {"email": "ratna@contoh.id"},
        {"email": "ratna@gmail.com"},
        {"requests": (asked(),)},
        {"earlier": 1},
    ):
        first, last = rank(held, [named, Person("other", **other)])  # type: ignore[arg-type]
        assert (first.customer_id, last.customer_id, last.strength) == ("other", "named", "weak")


def test_the_newest_of_several_open_requests_is_told() -> None:
    person = Person("a", requests=(asked(500, name="req_old"), asked(3, name="req_new")))
    assert rank(MONEY, [person])[0].signs[0].values["request"] == "req_new"


PEOPLE = st.builds(
    Person,
    st.sampled_from("abcdef"),
    email=st.sampled_from(
        [None, "ratna@contoh.id", "ratnaa@contoh.id", "wayan@contoh.id", "ratna@gmail.com"]
    ),
    phone=st.sampled_from([None, "+628121"]),
    name=st.sampled_from([None, "ratna"]),
    requests=st.lists(
        st.builds(
            asked, st.integers(-10, 20_000), st.sampled_from([50_000, 1]), st.sampled_from(["req_1", "req_2"])
        ),
        max_size=2,
    ).map(tuple),
    earlier=st.integers(0, 2),
)


@settings(max_examples=200)
@given(people=st.lists(PEOPLE, max_size=6, unique_by=lambda one: one.customer_id), chance=st.randoms())
def test_the_order_of_looking_does_not_matter_and_every_point_has_its_reason(
    people: list[Person], chance: random.Random
) -> None:
    held = replace(
        MONEY, phones=frozenset({"+628121"}), names=frozenset({"ratna"}), references=frozenset({"req_2"})
    )
    ranked = rank(held, people)
    shuffled = [*people]
    chance.shuffle(shuffled)
    assert rank(held, shuffled) == ranked
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
    for one in ranked:
        assert one.score == sum(sign.points for sign in one.signs) > 0
        assert one.strength in get_args(CandidateStrength.__value__)
        for sign in one.signs:
            for language in ("en", "id"):
                assert "{" not in explained(sign.reason, sign.values, language)  # type: ignore[arg-type]


def test_a_reason_never_quotes_what_it_rests_on() -> None:
    """Addresses, numbers and names are for those who may see them."""
    held = HeldMoney(50_000, PAID, None, ("ratna@contoh.id",), ("RATNA",), frozenset({"req_1"}), frozenset({"+628121"}),
                     frozenset({"ratna wulandari"}), frozenset({"va"}))  # fmt: skip
    person = Person("ratna", "ratnaa@contoh.id", "+628121", "ratna wulandari", (asked(),), 2)
    (found,) = rank(held, [person])
    said = " ".join(explained(sign.reason, sign.values, "en") for sign in found.signs)
    assert len(found.signs) == 6
    for secret in ("contoh.id", "628121", "wulandari"):
        assert secret not in said


def test_the_reasons_of_the_api_are_those_with_sentences() -> None:
    assert set(get_args(CandidateReason.__value__)) == set(CANDIDATE_REASONS)
    assert all(english != indonesian for english, indonesian in CANDIDATE_REASONS.values())


def test_edges_of_time_are_those_of_the_question_to_the_database() -> None:
    for minutes in (-CLOCKS.total_seconds() / 60, BEFORE.total_seconds() / 60):
        assert reasons(MONEY, Person("a", requests=(asked(minutes),))) == {"a": ["open_request"]}


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [
        ("budi", "budi", 0),
        ("budi", "budi1", 1),
        ("budi", "bdui", 1),
        ("budi", "bud", 1),
        ("budi", "dubi", 2),
        ("", "ab", 2),
    ],
)
def test_slips_of_the_hand_are_counted(one: str, other: str, far: int) -> None:
    assert distance(one, other) == distance(other, one) == far


@settings(max_examples=100)
@given(email=st.from_regex(r"\A[a-z]{1,8}(\+[a-z]{1,3})?@[a-z]{1,8}\.id\Z"), chance=st.randoms())
def test_every_spelling_looked_for_is_alike_and_every_slip_is_looked_for(
    email: str, chance: random.Random
) -> None:
    found = spellings(email)
    for one in chance.sample(found, 10):
        if one.count("@") == 1:
            alike = likeness(one, email)
            assert alike is not None or one.endswith(("com", "co.id"))
    place = chance.randrange(len(email) - 1)
    assert email[:place] + email[place + 1] + email[place] + email[place + 2 :] in found


@pytest.mark.parametrize(
    ("provider", "body", "phones", "names"),
    [
        ("mayar", b'{"data":{"customerMobile":"0812 1","customerName":"Ratna"}}', ("0812 1",), ("Ratna",)),
        ("scalev", b'{"data":{"customer":{"phone":"0812","name":"Ratna"}}}', ("0812",), ("Ratna",)),
        ("xendit", b'{"data":{"channel_properties":{"account_mobile_number":"+62812"},"payment_details":{"payer_name":"R"}}}',
         ("+62812",), ("R",)),
        ("xendit", b'{"data":{"channel_properties":[],"payment_details":{"payer_name":7}}}', (), ()),
        ("xendit", b"nothing", (), ()),
    ],
)  # fmt: skip
def test_what_a_body_says_of_its_payer_is_read_where_the_provider_writes_it(
    provider: str, body: bytes, phones: tuple[str, ...], names: tuple[str, ...]
) -> None:
    signs = payer_signs([body, body], PROVIDERS[provider].payer)
    assert (signs.phones, signs.names) == (phones, names)
    assert payer_signs([body], PayerFields()) == payer_signs([], PROVIDERS[provider].payer)


def test_candidates_are_the_same_whoever_looks_but_for_what_only_bodies_tell() -> None:
    people = [Person("a", phone="+628121", email="ratna@contoh.id"), Person("b", phone="+628121")]
    without = rank(MONEY, people)
    assert [one.customer_id for one in without] == ["a"]
    known: list[RankedCustomer] = rank(replace(MONEY, phones=frozenset({"+628121"})), people)
    assert [one.customer_id for one in known] == ["a", "b"]
