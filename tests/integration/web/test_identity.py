"""Signing in through an identity provider: a real one in small, whose tokens are signed, and everything that it or somebody between may get wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientResponse
from joserfc.jwk import OctKey, RSAKey

from console.web.federation import Journeys, configured, roles_of
from console.web.identity_provider import IdentityRefused
from runtime.settings import Settings
from schemas.errors import ConfigurationError
from tests.console_visits import PASSWORD, Doors, Visitor, nothing, opened_console
from tests.identity_server import CLIENT, CLIENT_SECRET, IdentityServer, asked_of, identity_server

ROLES = "lunas-leads=approver, lunas-ops=operator,staff=viewer"
AYU = {"email": "Ayu@Contoh.id", "email_verified": True, "groups": ["staff", "lunas-ops"]}


@pytest.fixture
async def provider() -> AsyncIterator[IdentityServer]:
    async with identity_server(**AYU) as server:
        yield server


@pytest.fixture
def given(
    scene_url: str, settings: Callable[..., Settings], provider: IdentityServer
) -> Callable[..., Settings]:
    def build(**more: Any) -> Settings:
        known = {
            "console_oidc_issuer": provider.issuer,
            "console_oidc_client_id": CLIENT,
            "console_oidc_client_secret": CLIENT_SECRET,
            "console_oidc_roles": ROLES,
            "console_public_url": "http://console.test",
        }
        return settings(database_url=scene_url, **(known | more))

    return build


@pytest.fixture
async def doors(given: Callable[..., Settings]) -> AsyncIterator[Doors]:
    async with opened_console(given(), nothing) as opened:
        yield opened


@pytest.fixture
async def store(scene_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(scene_url, server_settings={"search_path": "lunas"})
    yield connection
    await connection.execute("DELETE FROM operators WHERE email IS NOT NULL")
    await connection.close()


async def left(visitor: Visitor, to: str = "/suspense") -> str:
    """Where somebody is sent."""
    async with visitor.client.get("/sign-in/oidc", params={"to": to}, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        return answer.headers["Location"]


async def sent_back(visitor: Visitor, location: str) -> str:
    """The address, below our own, that the identity provider sends them back to."""
    async with visitor.client.session.get(location, allow_redirects=False) as answer:
        assert answer.status == 302
        return answer.headers["Location"].removeprefix("http://console.test")


async def arrived(visitor: Visitor, back: str) -> ClientResponse:
    async with visitor.client.get(back, allow_redirects=False, headers={"Accept-Language": "en"}) as answer:
        await answer.read()
        return answer


async def there_and_back(visitor: Visitor) -> ClientResponse:
    return await arrived(visitor, await sent_back(visitor, await left(visitor)))


async def role_shown(visitor: Visitor) -> str:
    page = await visitor.open("/suspense?lang=en")
    return page.partition('<span class="chip">')[2].partition("<")[0]


async def test_one_signs_in_and_is_led_to_where_one_wanted_to_go(
    doors: Doors, provider: IdentityServer
) -> None:
    visitor = await doors.visitor()
    form = await visitor.open("/sign-in?to=/suspense&lang=en")
    assert 'href="/sign-in/oidc?to=/suspense"' in form
    assert "Sign in with single sign-on" in form
    answer = await there_and_back(visitor)
    assert (answer.status, answer.headers["Location"]) == (303, "/suspense")
    page = await visitor.open("/suspense?lang=en")
    assert "ayu@contoh.id" in page
    assert await role_shown(visitor) == "operator"
    assert CLIENT_SECRET not in str(provider.asked)
    (asked,) = provider.asked
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://console.test/sign-in/oidc/back"
    async with visitor.client.post("/sign-out", allow_redirects=False) as out:
        assert out.status == 303
    assert (await visitor.client.get("/suspense", allow_redirects=False)).status == 401


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["lunas-leads", "staff"], "approver"),
        ("staff", "viewer"),
        (["other"], None),
        (None, None),
        ([{"lunas-leads": 1}, 7], None),
        ("lunas-leads-too", None),
    ],
)
async def test_what_a_claim_says_is_a_role(
    doors: Doors, provider: IdentityServer, groups: Any, role: str | None
) -> None:
    provider.person["groups"] = groups
    visitor = await doors.visitor()
    answer = await there_and_back(visitor)
    if role is None:
        assert answer.status == 403
        assert "may do nothing here yet" in await answer.text()
        assert not [one for one in visitor.client.session.cookie_jar if one.key == "lunas_console"]
    else:
        assert answer.status == 303
        assert await role_shown(visitor) == role


LIES: list[tuple[dict[str, Any], str]] = [
    ({"nonce": "another"}, "another nonce"),
    ({"nonce": None}, "no nonce"),
    ({"iss": "https://evil.example"}, "another issuer"),
    ({"aud": "another-client"}, "another audience"),
    ({"aud": [CLIENT, "another"], "azp": "another"}, "for another party"),
    ({"aud": [CLIENT, "another"]}, "for two and no party named"),
    ({"exp": 1_000_000_000}, "expired"),
    ({"exp": None}, "never expires"),
    ({"iat": 4_000_000_000}, "made in the future"),
    ({"nbf": 4_000_000_000}, "not valid yet"),
    ({"email": None}, "no address"),
    ({"email": "ayu"}, "no address either"),
    ({"email": "ayu@contoh.id (key)"}, "an address that looks like the key"),
    ({"email_verified": False}, "not vouched for"),
    ({"email_verified": None}, "not said to be vouched for"),
    ({"email_verified": "true"}, "a word for it"),
    ({"at_hash": "of another token"}, "another access token"),
]


@pytest.mark.parametrize("lies", [lies for lies, _ in LIES], ids=[name.replace(" ", "-") for _, name in LIES])
async def test_a_token_that_is_not_what_it_must_be_signs_nobody_in(
    doors: Doors, provider: IdentityServer, lies: dict[str, Any]
) -> None:
    provider.lies = lies
    visitor = await doors.visitor()
    await _refused(visitor, await there_and_back(visitor))


async def test_a_token_of_another_key_signs_nobody_in(doors: Doors, provider: IdentityServer) -> None:
    other = RSAKey.generate_key(2048, {"kid": provider.key.kid})
    shared = OctKey.import_key(CLIENT_SECRET.encode(), {"kid": provider.key.kid})
    for key, algorithm in ((other, "RS256"), (shared, "HS256")):
        provider.signs_with, provider.algorithm = key, algorithm
        visitor = await doors.visitor()
        await _refused(visitor, await there_and_back(visitor))


async def test_keys_that_it_changed_are_asked_for_again(
    given: Callable[..., Settings], provider: IdentityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.web.identity_provider.AGAIN_SECONDS", -1.0)
    async with opened_console(given(), nothing) as doors:
        assert (await there_and_back(await doors.visitor())).status == 303
        fresh = RSAKey.generate_key(2048, {"use": "sig"})
        fresh.ensure_kid()
        provider.key = fresh
        assert (await there_and_back(await doors.visitor())).status == 303


async def test_another_state_a_strangers_journey_or_none_signs_nobody_in(
    doors: Doors, provider: IdentityServer
) -> None:
    """Somebody who lures an operator to come back with the code of somebody else."""
    mallory, victim = await doors.visitor(), await doors.visitor()
    lure = await sent_back(mallory, await left(mallory))
    await _refused(victim, await arrived(victim, lure))  # who never left
    await left(victim)
    await _refused(victim, await arrived(victim, lure))  # who left by another way
    again = await sent_back(victim, await left(victim))
    state = asked_of(again)["state"]
    for changed in (
        again.replace(state, ""),
        again.replace(state, state[:-1] + "x"),
        again.replace("state=", "st="),
    ):
        await left(victim)
        await _refused(victim, await arrived(victim, changed))
    assert (await arrived(mallory, lure)).status == 303


async def test_one_comes_back_once(doors: Doors) -> None:
    visitor = await doors.visitor()
    back = await sent_back(visitor, await left(visitor))
    assert (await arrived(visitor, back)).status == 303
    again = await doors.visitor()
    await _refused(again, await arrived(again, back))
    assert (await arrived(visitor, back)).status == 401, "the cookie was for one journey"


async def test_what_is_taken_along_is_kept_from_scripts_and_goes_nowhere_else(doors: Doors) -> None:
    visitor = await doors.visitor()
    await left(visitor)
    (journey,) = [one for one in visitor.client.session.cookie_jar if one.key == "lunas_journey"]
    assert journey["httponly"]
    assert (journey["samesite"], journey["path"]) == ("Lax", "/sign-in/oidc/back")


def test_a_journey_that_was_made_up_or_took_too_long_is_none() -> None:
    now = [1000.0]
    journeys = Journeys("key", 10, lambda: now[0])
    journey = journeys.begun("/suspense")
    cookie = journeys.packed(journey)
    assert journeys.unpacked(cookie) == journey
    for made_up in (
        "",
        ".",
        "x",
        "e30=.00",
        "é",
        cookie[:-1],
        f"x{cookie}",
        Journeys("other", 10).packed(journey),
    ):
        with pytest.raises(IdentityRefused, match="never left"):
            journeys.unpacked(made_up)
    assert journeys.begun("https://evil.example").to == "/"
    now[0] += 601
    with pytest.raises(IdentityRefused, match="too long"):
        journeys.unpacked(cookie)


@pytest.mark.parametrize("answer", ["says_no", "names_issuer"])
async def test_who_is_refused_there_or_sent_by_another_is_not_let_in(
    doors: Doors, provider: IdentityServer, answer: str
) -> None:
    setattr(provider, answer, "access_denied" if answer == "says_no" else "https://evil.example")
    visitor = await doors.visitor()
    await _refused(visitor, await there_and_back(visitor))


async def test_an_identity_provider_that_is_away_is_said_to_be_and_passwords_go_on(
    doors: Doors, provider: IdentityServer
) -> None:
    provider.broken = True
    visitor = await doors.visitor()
    page = await visitor.open("/sign-in/oidc?lang=en", 503)
    assert "single sign-on does not answer" in page
    await visitor.sign_in("sari", PASSWORD)


async def test_who_is_an_operator_by_address_has_the_role_and_name_given_there(
    doors: Doors, provider: IdentityServer, store: asyncpg.Connection
) -> None:
    await store.execute(
        "INSERT INTO operators (name, role, email, created_by) VALUES ('ayu-by-mail', 'approver', 'ayu@contoh.id', 'test')"
    )
    visitor = await doors.visitor()
    assert (await there_and_back(visitor)).status == 303
    assert "ayu-by-mail" in await visitor.open("/suspense")
    assert await role_shown(visitor) == "approver"
    await store.execute("UPDATE operators SET disabled_at = now() WHERE name = 'ayu-by-mail'")
    assert (await visitor.client.get("/suspense", allow_redirects=False)).status == 401
    again = await doors.visitor()
    await _refused(again, await there_and_back(again))
    form = await doors.visitor()
    await form.sign_in("ayu-by-mail", "", 401)  # there is no password


async def test_a_part_of_the_settings_alone_is_told(settings: Callable[..., Settings]) -> None:
    assert configured(settings()) is False
    with pytest.raises(
        ConfigurationError, match="LUNAS_CONSOLE_OIDC_CLIENT_ID and LUNAS_CONSOLE_OIDC_CLIENT_SECRET"
    ):
        configured(settings(console_oidc_issuer="https://id.example", console_public_url="https://c.example"))
    for wrong in ("ops", "ops=admin", "=operator"):
        with pytest.raises(ConfigurationError, match="LUNAS_CONSOLE_OIDC_ROLES"):
            roles_of(wrong)
    assert roles_of(ROLES) == {"lunas-leads": "approver", "lunas-ops": "operator", "staff": "viewer"}


async def test_without_an_identity_provider_there_is_no_way_to_one(scene_settings: Settings) -> None:
    async with opened_console(scene_settings, nothing) as doors:
        visitor = await doors.visitor()
        assert "oidc" not in await visitor.open("/sign-in")
        await visitor.open("/sign-in/oidc", 404)


async def _refused(visitor: Visitor, answer: ClientResponse) -> None:
    assert answer.status == 401
    assert "did not sign you in" in await answer.text()
    assert not [one for one in visitor.client.session.cookie_jar if one.key == "lunas_console"]
