from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from workflow.errors import Invalid
from workflow.settings import Settings, read_settings
from workflow.web.guard import Guard
from workflow.web.sessions import Sessions
from workflow.web.tokens import Tokens

TOKEN = "a-token-of-enough-letters"


async def _hello(scope: object, receive: object, send: object) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b"hello"})  # type: ignore[operator]


def guarding(token: str | None) -> Guard:
    return Guard(_hello, tokens=Tokens(token), sessions=Sessions())


async def _asked(
    token: str | None, path: str = "/v1/relationships", method: str = "GET", **headers: str
) -> httpx.Response:
    transport = httpx.ASGITransport(guarding(token))
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        return await client.request(method, path, headers=given)


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "token_missing"),
        ("Basic YTpi", "token_missing"),
        ("Bearer", "token_missing"),
        ("Bearer other-token-of-letters", "token_wrong"),
        (f"Bearer {TOKEN}x", "token_wrong"),
    ],
)
async def test_without_the_token_nobody_comes_in(authorization: str, code: str) -> None:
    answer = await _asked(TOKEN, authorization=authorization)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["code"] == code


async def test_a_request_brings_one_token() -> None:
    transport = httpx.ASGITransport(guarding(TOKEN))
    tokens = [("authorization", f"Bearer {TOKEN}"), ("authorization", "Bearer other-token-of-letters")]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/v1/agenda", headers=tokens)).status_code == 401


async def test_with_the_token_one_comes_in_from_anywhere() -> None:
    answer = await _asked(TOKEN, authorization=f"bearer {TOKEN}", host="mentoring.example.org")
    assert answer.text == "hello"


async def test_health_is_answered_without_a_token() -> None:
    assert (await _asked(TOKEN, "/v1/health")).status_code == 200


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "localhost", "localhost:1", "LOCALHOST", "[::1]:8080", "[::1]"]
)
async def test_on_loopback_no_token_is_needed(host: str) -> None:
    assert (await _asked(None, host=host)).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.org",
        "evil.example.org:8080",
        "127.0.0.1.evil.example.org",
        "",
        "[127.0.0.1",
        "]localhost[",
        "localhost:x",
        "localhost:",
        "a@localhost",
    ],
)
async def test_a_name_that_is_pointed_at_loopback_is_turned_away(host: str) -> None:
    answer = await _asked(None, host=host)
    assert answer.status_code == 421
    assert answer.json()["code"] == "host_unknown"


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example.org",
        "null",
        "",
        "https://127.0.0.1:8080",
        "http://127.0.0.1:3000",
        "http://localhost:8080",
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/events"), ("POST", "/v1/verify"), ("GET", "/v1/agenda")]
)
async def test_a_page_of_another_origin_is_turned_away(origin: str, method: str, path: str) -> None:
    answer = await _asked(None, path, method, origin=origin)
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_foreign")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
async def test_what_a_page_of_another_site_began_changes_nothing(site: str) -> None:
    answer = await _asked(None, "/v1/events", "POST", sec_fetch_site=site)
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_foreign")


async def test_our_own_pages_and_programs_may_ask() -> None:
    own = {"origin": "http://127.0.0.1:8080", "sec_fetch_site": "same-origin"}
    assert (await _asked(None, "/v1/events", "POST", **own)).status_code == 200
    assert (await _asked(None, "/v1/events", "POST", sec_fetch_site="none")).status_code == 200
    assert (await _asked(None, "/v1/events", "POST")).status_code == 200
    assert (await _asked(None, sec_fetch_site="cross-site")).status_code == 200  # a link that was followed


async def test_a_request_has_one_host() -> None:
    transport = httpx.ASGITransport(guarding(None))
    hosts = [("host", "evil.example.org"), ("host", "127.0.0.1")]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/v1/agenda", headers=hosts)).status_code == 421


def test_beyond_loopback_a_token_is_demanded(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="bearer token"):
        Settings(host="0.0.0.0").http_token()
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o600)
    assert Settings(host="0.0.0.0", token_file=file).http_token() == TOKEN
    assert Settings(host="::1").http_token() is None


@pytest.mark.parametrize("address", ["nats://ada:secret@host:4222", "tls://token@host", "host,b:c@host"])
def test_an_address_holds_no_secret(address: str) -> None:
    with pytest.raises(Invalid, match="--nats-token-file") as refused:
        read_settings(nats=address)
    assert "secret" not in str(refused.value)
    assert address not in str(refused.value)
    assert read_settings(nats="nats://host:4222").nats == "nats://host:4222"


def test_the_servers_of_a_cluster_are_named_with_commas_between_them() -> None:
    assert read_settings(nats="nats://a:4222, nats://b:4222,c").nats == "nats://a:4222,nats://b:4222,c"
    for wrong in (
        "nats://a:4222,",
        ",",
        "",
        "http://a:4222",
        "nats://a:port",
        "nats://a:70000",
        "nats://:4222",
        "nats://a/path",
        "a b",
    ):
        with pytest.raises(Invalid, match=r"MENTORING_NATS: .*HOST:PORT"):
            read_settings(nats=wrong)
    with pytest.raises(Invalid, match="--nats-token-file") as refused:
        read_settings(nats="nats://a:4222,nats://a-secret@b:4222")
    assert "a-secret" not in refused.value.detail


def test_replicas_are_asked_for_of_a_cluster_alone() -> None:
    assert read_settings(nats="nats://a:4222,nats://b:4222", nats_replicas=3).nats_replicas == 3
    for given in ({"nats_replicas": 2}, {"nats": "nats://a:4222", "nats_replicas": 6}, {"nats_replicas": 0}):
        with pytest.raises(Invalid, match="MENTORING_NATS_REPLICAS"):
            read_settings(**given)
    with pytest.raises(Invalid) as refused:
        read_settings(nats="a b", nats_replicas=3)
    assert "REPLICAS" not in refused.value.detail
    with pytest.raises(Invalid, match=r"3 servers are to keep .* name those of a cluster in MENTORING_NATS$"):
        read_settings(nats_replicas=3)


def test_settings_that_do_not_fit_are_told_in_our_words_by_their_names() -> None:
    for given, said in (
        ({"zone": "Nowhere"}, "MENTORING_ZONE: no time zone of this name is known"),
        (
            {"database": "host=a"},
            "MENTORING_KEY_DATABASE has to name the database of the keys",
        ),
    ):
        with pytest.raises(Invalid) as refused:
            read_settings(**given)
        assert refused.value.detail == f"the settings do not fit: {said}"


@pytest.mark.parametrize("api", ["127.0.0.1:8080", "nats://127.0.0.1:8080", "http://", "http:///v1"])
def test_an_address_of_an_api_says_how_to_speak_there(api: str) -> None:
    with pytest.raises(Invalid, match="MENTORING_API: an address is http://HOST:PORT"):
        read_settings(api=api)
    assert read_settings(api="").api is None


def test_a_password_that_cannot_be_read_is_told_of_by_the_setting_that_names_it(tmp_path: Path) -> None:
    both = {"database": "host=a", "key_database": "host=b"}
    one = read_settings(**both, database_password_file=tmp_path / "one")
    for read in (one.database_password, one.key_database_password):
        with pytest.raises(Invalid, match=r"\(MENTORING_DATABASE_PASSWORD_FILE\) cannot be read"):
            read()
    own = read_settings(**both, key_database_password_file=tmp_path / "own")
    with pytest.raises(Invalid, match=r"\(MENTORING_KEY_DATABASE_PASSWORD_FILE\) cannot be read"):
        own.key_database_password()
