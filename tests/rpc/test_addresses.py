"""What is no address is refused when a client is made, wherever it is given."""

from __future__ import annotations

from typing import Any

import pytest

import gemini_grpc as genai
from gemini_grpc import ClientOptions, errors, v1beta
from gemini_grpc.rpc import endpoint

NO_ADDRESSES = [
    "",
    " ",
    "::1",
    "::1:80",
    "[::1",
    "::1]:80",
    "[::1]x:80",
    "[1.2.3.4]:80",
    "[::1]:",
    "evil.com:²",
    "evil.com:٣",
    "evil.com:" + "4" * 5000,
    "evil.com:0",
    "evil.com:65536",
    "evil.com:-1",
    "evil.com:+1",
    "evil.com:",
    "evil.com:443:443",
    "evil.com ",
    " evil.com",
    "evil .com",
    "evil.com:443\r\nX-Header: y",
    "evil.com\n",
    "evil.com\x00",
    "evil.com\t:443",
    "evil.com?x=1",
    "evil.com:443?x",
    "evil.com#part",
    "user@evil.com",
    "user:password@evil.com:443",
    "generativelanguage.googleapis.com@evil.com",
    "evil.com/path",
    "evil.com//",
    "evil.com\\path",
    "evil..com",
    ".evil.com",
    "-evil.com",
    "evil-.com",
    "e" * 64 + ".com",
    ".".join(["evil"] * 60),
    "999.1.1.1",
    "1.2.3",
    "1.2.3.4.5",
    "bücher.example",
    "\uff45\uff56il.com",
    "evil。com",
    "evil%2ecom",
    "dns:///evil.com",
    "unix:/tmp/socket",
    "ipv4:1.2.3.4:5",
    "ftp://evil.com",
    "https://https://evil.com",
    "*",
    "a,b",
]


def short(address: str) -> str:
    return ascii(address[:40])


CALLERS = {
    "options": lambda given: ClientOptions(**given),
    "sync": lambda given: v1beta.ModelServiceClient(client_options={"api_key": "k"} | given),
    "async": lambda given: v1beta.ModelServiceAsyncClient(client_options={"api_key": "k"} | given),
    "client": lambda given: genai.Client(api_key="k", client_options=given),
    "async client": lambda given: genai.AsyncClient(api_key="k", client_options=given),
    "configure": lambda given: genai.configure(api_key="k", client_options=given),
}


@pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS)
@pytest.mark.parametrize("address", NO_ADDRESSES, ids=short)
def test_an_endpoint_that_is_no_address_is_refused(caller: Any, address: str) -> None:
    with pytest.raises(errors.ArgumentError, match=r"api_endpoint .* is not an address") as caught:
        caller({"api_endpoint": address})
    assert len(str(caught.value)) < 400
    assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    "address", [each for each in NO_ADDRESSES[1:] if "\x00" not in each], ids=short
)
def test_an_emulator_that_is_no_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("GEMINI_EMULATOR_HOST", address)
    with pytest.raises(
        errors.ArgumentError, match=r"GEMINI_EMULATOR_HOST is .*; expected"
    ) as caught:
        genai.Client()
    assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    "address", [each for each in NO_ADDRESSES[1:] if "@" not in each], ids=short
)
def test_a_proxy_that_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(errors.ArgumentError, match=r"^proxy .* cannot be used; expected http://"):
        ClientOptions(proxy=f"http://{address}?")


NO_DOMAINS = [
    *("", " ", "a b", "example.org\r\nX: y", "example.org/", "example.org:443", "user@example.org"),
    *("bücher.example", "a..b", "-a.b", "example.org?", "example.org#"),
]


@pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS)
@pytest.mark.parametrize("domain", NO_DOMAINS, ids=ascii)
def test_a_universe_domain_that_is_none_is_refused(caller: Any, domain: str) -> None:
    with pytest.raises(errors.ArgumentError, match=r"^universe_domain is "):
        caller({"universe_domain": domain})


@pytest.mark.parametrize("domain", NO_DOMAINS, ids=ascii)
def test_a_universe_domain_of_the_environment_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, domain: str
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", domain)
    with pytest.raises(errors.ArgumentError, match=r"^GOOGLE_CLOUD_UNIVERSE_DOMAIN is "):
        genai.Client(api_key="k")


@pytest.mark.parametrize(
    "location",
    [
        *(
            "evil.com#",
            "evil.com?",
            "evil.com:443",
            "user@evil",
            "a.b",
            "a b",
            "us\r\n",
            "-us",
            "us-",
        ),
        *("evil.com/", "US", "ü", "x" * 64),
    ],
)
def test_a_location_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, location: str) -> None:
    with pytest.raises(errors.ArgumentError, match=r"^location is "):
        genai.Client(project="p", location=location)
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", location)
    with pytest.raises(errors.ArgumentError, match=r"^location is "):
        genai.Client(project="p")


@pytest.mark.parametrize("text", ["team\r\nx-goog-api-key: y", "ü", "a\x00"], ids=ascii)
def test_a_quota_project_that_cannot_be_sent_is_refused(text: str) -> None:
    with pytest.raises(errors.ArgumentError, match=r"^quota_project_id has characters"):
        ClientOptions(quota_project_id=text)


@pytest.mark.parametrize(
    ("address", "hint"),
    [("::1:80", "an IPv6 address stands in brackets"), ("bücher.example", "xn--")],
)
def test_a_refusal_says_what_would_be_right(address: str, hint: str) -> None:
    with pytest.raises(errors.ArgumentError, match=hint):
        endpoint.parse(address)


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("xn--bcher-kva.example", "xn--bcher-kva.example:443"),
        (
            "a_service.namespace.svc.cluster.local:8443",
            "a_service.namespace.svc.cluster.local:8443",
        ),
        ("example.com.", "example.com.:443"),
        ("1.2.3.4", "1.2.3.4:443"),
        ("[fe80::1%eth0]:80", "[fe80::1%eth0]:80"),
        ("[2001:DB8::1]", "[2001:DB8::1]:443"),
        ("host", "host:443"),
        ("3com.example", "3com.example:443"),
    ],
)
def test_addresses_that_are_less_usual_are_read(address: str, target: str) -> None:
    assert endpoint.parse(address).target == target
