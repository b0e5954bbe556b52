"""Which proxy a connection goes through, and that it really does."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc import errors
from gemini_grpc.emulator import Emulator
from gemini_grpc.errors import ArgumentError
from gemini_grpc.rpc import proxy
from tests.connect_proxy import ConnectProxy

if TYPE_CHECKING:
    from tests.authority import Authority
    from tests.colours import Sync

HOST = "generativelanguage.googleapis.com"
NAME = "gemini.test"
MODEL = "models/gemini-3.8-flash"
VARIABLES = ("grpc_proxy", "https_proxy", "http_proxy", "all_proxy")


@pytest.mark.parametrize(
    ("host", "variables", "explicit", "expected"),
    [
        (HOST, {}, None, None),
        (HOST, {"https_proxy": "http://p:1"}, None, "http://p:1"),
        (HOST, {"HTTPS_PROXY": "http://p:1"}, None, "http://p:1"),
        (HOST, {"https_proxy": "http://p:1/"}, None, "http://p:1"),
        (HOST, {"https_proxy": "p:1"}, None, "http://p:1"),
        (HOST, {"https_proxy": ""}, None, None),
        # the order, and lower case first
        (HOST, dict(zip(VARIABLES, ("a:1", "b:1", "c:1", "d:1"), strict=True)), None, "http://a:1"),
        (HOST, {"https_proxy": "b:1", "all_proxy": "c:1"}, None, "http://b:1"),
        (HOST, {"http_proxy": "c:1", "all_proxy": "d:1"}, None, "http://c:1"),
        (HOST, {"ALL_PROXY": "socks5://d:1", "https_proxy": "b:1"}, None, "http://b:1"),
        (HOST, {"ALL_PROXY": "socks5://d:1", "http_proxy": "c:1"}, None, "http://c:1"),
        (HOST, {"all_proxy": "socks5h://d:1", "HTTP_PROXY": "c:1"}, None, "http://c:1"),
        (HOST, {"https_proxy": "low:1", "HTTPS_PROXY": "up:1"}, None, "http://low:1"),
        (HOST, {"https_proxy": "", "HTTPS_PROXY": "up:1"}, None, "http://up:1"),
        # the option
        (HOST, {"https_proxy": "p:1"}, "http://mine:2", "http://mine:2"),
        (HOST, {"https_proxy": "p:1"}, "", None),
        (HOST, {"no_proxy": "*"}, "http://mine:2", "http://mine:2"),
        (HOST, {"no_proxy": "other.org"}, "http://mine:2", "http://mine:2"),
        ("127.0.0.1", {}, "http://mine:2", "http://mine:2"),
        # loopback
        ("localhost", {"https_proxy": "p:1"}, None, None),
        ("127.0.0.1", {"https_proxy": "p:1"}, None, None),
        ("::1", {"https_proxy": "p:1"}, None, None),
        # no_grpc_proxy, as grpc core reads it: the first that is set, even if it is empty
        (HOST, {"https_proxy": "p:1", "no_grpc_proxy": HOST}, None, None),
        (HOST, {"https_proxy": "p:1", "NO_GRPC_PROXY": "googleapis.com"}, None, None),
        (HOST, {"grpc_proxy": "p:1", "no_grpc_proxy": "a.b", "no_proxy": HOST}, None, "http://p:1"),
        (HOST, {"https_proxy": "p:1", "no_grpc_proxy": "", "no_proxy": HOST}, None, "http://p:1"),
        # NO_PROXY
        (HOST, {"https_proxy": "p:1", "no_proxy": "*"}, None, None),
        (HOST, {"https_proxy": "p:1", "NO_PROXY": HOST}, None, None),
        (HOST, {"https_proxy": "p:1", "no_proxy": HOST.upper()}, None, None),
        (HOST, {"https_proxy": "p:1", "no_proxy": f"{HOST}:443"}, None, None),
        (HOST, {"https_proxy": "p:1", "no_proxy": "googleapis.com"}, None, None),
        (HOST, {"https_proxy": "p:1", "no_proxy": ".googleapis.com"}, None, None),
        (HOST, {"https_proxy": "p:1", "no_proxy": "*.googleapis.com"}, None, None),
        (HOST, {"https_proxy": "p:1", "no_proxy": "a.b, ,googleapis.com"}, None, None),
        (HOST, {"https_proxy": "p:1", "no_proxy": "apis.com"}, None, "http://p:1"),
        (HOST, {"https_proxy": "p:1", "no_proxy": "example.com"}, None, "http://p:1"),
        (HOST, {"https_proxy": "p:1", "no_proxy": ""}, None, "http://p:1"),
        (HOST, {"https_proxy": "p:1", "no_proxy": "10.0.0.0/8"}, None, "http://p:1"),
        ("10.1.2.3", {"https_proxy": "p:1", "no_proxy": "10.0.0.0/8"}, None, None),
        ("10.1.2.3", {"https_proxy": "p:1", "no_proxy": "10.1.2.3"}, None, None),
        ("11.1.2.3", {"https_proxy": "p:1", "no_proxy": "10.0.0.0/8"}, None, "http://p:1"),
    ],
)
def test_the_proxy_of_a_host(
    host: str, variables: dict[str, str], explicit: str | None, expected: str | None
) -> None:
    assert proxy.choose(host, variables, explicit) == expected


@pytest.mark.parametrize("url", ["https://p:1", "socks5://p:1", "http://", "http:///"])
def test_what_grpc_cannot_use_is_refused(url: str) -> None:
    with pytest.raises(ArgumentError, match="expected http://host:port"):
        proxy.choose(HOST, {"https_proxy": url})


@pytest.mark.parametrize("name", [*VARIABLES, *map(str.upper, VARIABLES)])
def test_a_refusal_names_the_variable(name: str) -> None:
    with pytest.raises(ArgumentError, match=rf"^{name} 'socks5://p:1' cannot be used"):
        proxy.choose(HOST, {name: "socks5://p:1"})


def test_a_refusal_names_the_option() -> None:
    with pytest.raises(ArgumentError, match=r"^proxy 'socks5://p:1' cannot be used"):
        proxy.choose(HOST, {"https_proxy": "b:1"}, "socks5://p:1")


@pytest.mark.parametrize(
    "url",
    [
        "http://p:²",
        "http://p:99999",
        "http://p q:1",
        "http://p:1/path",
        "http://p:1?x",
        "p\r\nX: y:1",
    ],
)
def test_a_proxy_is_an_address(url: str) -> None:
    with pytest.raises(ArgumentError, match="expected http://host:port"):
        proxy.choose(HOST, {"https_proxy": url})


def test_a_refusal_does_not_show_the_password() -> None:
    with pytest.raises(ArgumentError) as caught:
        proxy.choose(HOST, {}, "socks5://user:hidden@p:1")
    assert "hidden" not in str(caught.value)


# through a real one


@pytest.fixture(scope="module")
def behind(authority: Authority) -> Iterator[Emulator]:
    certificates = authority.server(hosts=(NAME, "localhost", "127.0.0.1"))
    with Emulator(tls=True, certificates=certificates) as running:
        yield running


@pytest.fixture
def between(behind: Emulator) -> Iterator[ConnectProxy]:
    with ConnectProxy(behind.target) as running:
        yield running


@pytest.fixture
def call(colour: Sync, connect: Callable[..., Any], authority: Authority) -> Callable[..., Any]:
    def run(**options: Any) -> Any:
        client = connect(
            service="ModelService",
            **{"api_key": "k", "api_endpoint": NAME, "ca_certificates": authority.ca} | options,
        )
        return colour.call(client.get_model, name=MODEL, retry=None, timeout=5.0)

    return run


@pytest.mark.parametrize("name", [*VARIABLES, *map(str.upper, VARIABLES)])
def test_a_call_goes_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, between: ConnectProxy, call: Callable[..., Any], name: str
) -> None:
    monkeypatch.setenv(name, f"http://{between.address}")
    assert call().name == MODEL
    assert [asked.target for asked in between.asked] == [f"{NAME}:443"]


def test_a_call_goes_through_the_proxy_of_the_option(
    monkeypatch: pytest.MonkeyPatch, between: ConnectProxy, call: Callable[..., Any]
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert call(proxy=f"http://{between.address}").name == MODEL
    assert len(between.asked) == 1


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY", "no_grpc_proxy"])
def test_the_option_wins_over_no_proxy(
    monkeypatch: pytest.MonkeyPatch, between: ConnectProxy, call: Callable[..., Any], name: str
) -> None:
    monkeypatch.setenv(name, NAME)
    assert call(proxy=f"http://{between.address}").name == MODEL
    assert len(between.asked) == 1


def test_the_option_holds_for_loopback_as_well(
    between: ConnectProxy, behind: Emulator, call: Callable[..., Any]
) -> None:
    proxied = f"http://{between.address}"
    assert call(proxy=proxied, api_endpoint=behind.target).name == MODEL
    assert [asked.target for asked in between.asked] == [behind.target]


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy", "no_grpc_proxy"])
def test_a_variable_holds_for_a_name_that_grpc_would_not_match(
    monkeypatch: pytest.MonkeyPatch, between: ConnectProxy, call: Callable[..., Any], name: str
) -> None:
    monkeypatch.setenv("https_proxy", f"http://{between.address}")
    monkeypatch.setenv(name, "other.org, example.com:443")
    assert call().name == MODEL
    assert len(between.asked) == 1


def test_a_certificate_for_another_name_is_refused_behind_a_proxy_as_well(
    between: ConnectProxy, call: Callable[..., Any]
) -> None:
    with pytest.raises(errors.TlsError):
        call(proxy=f"http://{between.address}", api_endpoint="other.test")
    assert between.asked


def test_the_password_of_the_proxy_is_sent_to_it(
    between: ConnectProxy, call: Callable[..., Any]
) -> None:
    call(proxy=f"http://user:word@{between.address}")
    expected = f"basic {base64.b64encode(b'user:word').decode()}".lower()
    assert between.asked[0].headers["proxy-authorization"].lower() == expected


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_no_proxy_connects_directly(
    monkeypatch: pytest.MonkeyPatch,
    between: ConnectProxy,
    call: Callable[..., Any],
    name: str,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{between.address}")
    monkeypatch.setenv(name, ".test")
    with pytest.raises(errors.RpcError):  # there is no such host
        call()
    assert not between.asked


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_loopback_is_connected_to_directly(
    monkeypatch: pytest.MonkeyPatch,
    between: ConnectProxy,
    behind: Emulator,
    call: Callable[..., Any],
    host: str,
) -> None:
    monkeypatch.setenv("https_proxy", f"http://{between.address}")
    monkeypatch.setenv("http_proxy", f"http://{between.address}")
    port = behind.target.rpartition(":")[2]
    assert call(api_endpoint=f"{host}:{port}").name == MODEL
    assert not between.asked


def test_a_proxy_that_is_not_there_is_unavailable(call: Callable[..., Any]) -> None:
    with pytest.raises(errors.Unavailable) as caught:
        call(proxy="http://127.0.0.1:1")
    assert not isinstance(caught.value, errors.TlsError)
