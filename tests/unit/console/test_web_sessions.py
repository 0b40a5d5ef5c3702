"""What the web console makes of cookies, forms, roles, links and addresses, without a database."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import console.web
from console.explaining.moves import Explained, Move
from console.texts import TEXTS
from console.web.explained import _curve
from console.web.gatekeeper import offered_key
from console.web.masking import masked, masked_document, masked_name
from console.web.operators import ROLES, Passwords, Role, at_least, hashed
from console.web.rendering import POLICY, rendered
from console.web.sessions import Sessions, SignedIn
from console.web.signing_in import by_key, inside
from runtime.settings import Settings

KEY = "dev-operator-key"
GIVEN = Settings(env="development")
TEMPLATES = sorted((Path(console.web.__file__).parent / "templates").glob("*.html"))


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        (basic(f"sari:{KEY}"), True),
        (basic(f":{KEY}"), True),
        (f"Bearer {KEY}", True),
        ("", False),
        (basic("sari:"), False),
        (basic(f"{KEY}:"), False),
        (basic("sari:wrong"), False),
        ("Basic not-base64!", False),
        (f"Basic {KEY}", False),
        ("Basic " + base64.b64encode(b"\xff\xfe").decode(), False),
        ("Bearer ", False),
        # Bytes that are no UTF-8, as aiohttp hands them on.
        ("Bearer " + b"\xff".decode("utf-8", "surrogateescape"), False),
        ("Basic " + b"\xff".decode("utf-8", "surrogateescape"), False),
        (f"Digest {KEY}", False),
    ],
)
def test_only_the_operator_key_is_taken_from_a_header(header: str, allowed: bool) -> None:
    assert (offered_key(header) == KEY) is allowed


@pytest.mark.parametrize(
    ("to", "place"),
    [
        ("/payments/xendit/py-1?lang=id", "/payments/xendit/py-1?lang=id"),
        ("", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("/é", "/"),
    ],
)
def test_after_signing_in_nobody_is_led_elsewhere(to: str, place: str) -> None:
    assert inside(to) == place


def test_who_has_the_key_is_never_called_like_a_named_operator() -> None:
    assert by_key("sari") == "sari (key)"
    assert by_key("") == "operator (key)"
    assert by_key("x\n" * 100) == f"{'x' * 40} (key)"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_the_ones_before_it_may(role: Role) -> None:
    assert [one for one in ROLES if at_least(role, one)] == list(ROLES[: ROLES.index(role) + 1])


async def test_a_password_fits_its_own_hash_and_nobody_has_one() -> None:
    passwords, kept = Passwords(), await hashed("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert "correct" not in kept
    assert await passwords.fits("correct horse battery", kept)
    assert not await passwords.fits("correct horse batterY", kept)
    assert not await passwords.fits("nobody's password", None)
    assert not await passwords.fits("anything", "no hash at all")
    assert not await passwords.fits("\udcff", kept)


class Rows:
    """A database that knows no session, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def fetchrow(self, *_: object) -> None:
        self.asked += 1


async def test_a_cookie_that_we_did_not_sign_is_not_even_looked_up() -> None:
    sessions, rows = Sessions(GIVEN, KEY), Rows()
    token = "t" * 43
    good = token + sessions._mac(token)
    for cookie in (
        "",
        token,
        f"{token}{'0' * 64}",
        good[:-1],
        f"{good}x",
        good.replace("t", "u", 1),
        "é" * 107,
    ):
        assert await sessions.find(rows, cookie) is None  # type: ignore[arg-type]
    assert rows.asked == 0
    assert await sessions.find(rows, good) is None  # type: ignore[arg-type]
    assert rows.asked == 1
    another = Sessions(GIVEN, "another key")
    assert await another.find(rows, good) is None  # type: ignore[arg-type]
    assert rows.asked == 1


def test_tokens_of_forms_are_those_of_a_session_and_not_its_cookie() -> None:
    sessions = Sessions(GIVEN, KEY)
    assert sessions.csrf("a") != sessions.csrf("b")
    assert sessions.csrf("a") != sessions._mac("a")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("siti.harsono@contoh.id", "si•••@contoh.id"),
        ("paid by <a@b.co.id>, twice", "paid by <a•••@b.co.id>, twice"),
        ("081290011223", "08•••223"),
        ("call +62 812-9001-1223 now", "call +628•••223 now"),
        ("py-0812900112233", "py-0812900112233"),
        ("2026-11-22 08:12:01", "2026-11-22 08:12:01"),
        ("Rp 8.129.001.122", "Rp 8.129.001.122"),
        ("nothing here", "nothing here"),
    ],
)
def test_addresses_and_numbers_are_masked_wherever_they_stand(words: str, shown: str) -> None:
    assert masked(words) == shown


def test_what_is_kept_under_a_personal_name_is_masked_whole() -> None:
    assert masked_name("Siti Harsono") == "S••• H•••"
    document = {
        "payer_email": "a@b.id",
        "name": "Siti",
        "amount": 5,
        "list": [{"phone": "rumah 7"}],
        "note": "x",
    }
    assert masked_document(document) == {
        "payer_email": "a•••@b.id",
        "name": "S•••",
        "amount": 5,
        "list": [{"phone": "r••• 7•••"}],
        "note": "x",
    }


def test_nothing_in_the_policy_is_unsafe_and_no_template_needs_it() -> None:
    assert "unsafe" not in POLICY
    for template in TEMPLATES:
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<script(?! src=)|<style|\sstyle=|\son[a-z]+=|javascript:|\| *safe", text), (
            template.name
        )


def test_every_sentence_of_a_template_is_in_the_catalogue() -> None:
    used = {
        key
        for one in TEMPLATES
        for key in re.findall(r'\bt\("([a-z0-9_.]+)"[,)]', one.read_text(encoding="utf-8"))
    }
    assert len(used) > 40
    assert used - set(TEXTS) == set()


def test_a_template_escapes_what_it_shows() -> None:
    values = {
        "title": "<script>1</script>",
        "note": "<img src=x onerror=1> `<b>`",
        "other_language": ("id", "x", "/?a=<b>"),
    }
    page = rendered("outside.html", values, SignedIn("x", "operator", None, ""))
    for markup in ("<script>1", "<img", "<b>"):
        assert markup not in page
    assert "<code>&lt;b&gt;</code>" in page


def test_a_curve_goes_by_when_things_happened_and_ends_where_the_sum_is() -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)

    def move(position: int, hours: int, before: int, after: int) -> Move:
        moment = at + timedelta(hours=hours)
        return Move(
            position,
            "e",
            "credit.granted",
            moment,
            moment,
            {"credit_tokens": (before, after)},
            {},
            None,
            None,
        )

    # Heard of in this order: the second happened last.
    found = Explained(
        "balance", "budi", {}, at, [move(1, 1, 0, 100), move(2, 9, 100, 300), move(3, 2, 300, 250)]
    )
    heights = [int(part) for part in re.findall(r"V(\d+)", _curve(found))]
    assert len(heights) == 3
    assert heights[2] < heights[0] < heights[1]  # 250 is above 100, and that above 50
