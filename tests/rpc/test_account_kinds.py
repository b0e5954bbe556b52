"""Files of credentials of workloads elsewhere, and what is not configured at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gemini_grpc import ClientOptions, errors
from gemini_grpc.rpc import credentials, options

HOST = "generativelanguage.googleapis.com"
POOL = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q"
ACCOUNT = {
    "type": "external_account",
    "audience": POOL,
    "token_url": "https://sts.googleapis.com/v1/token",
}
AWS = {
    "environment_id": "aws1",
    "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
    "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
    "regional_cred_verification_url": "https://sts.{region}.amazonaws.com",
}
JWT = "urn:ietf:params:oauth:token-type:jwt"


@pytest.mark.parametrize(
    ("kind", "source", "module"),
    [
        ("urn:ietf:params:aws:token-type:aws4_request", AWS, "google.auth.aws"),
        (JWT, {"executable": {"command": "/bin/true"}}, "google.auth.pluggable"),
        (JWT, {"file": "/nowhere/token"}, "google.auth.identity_pool"),
    ],
)
def test_a_workload_elsewhere_is_known_by_the_source_of_its_token(
    tmp_path: Path, kind: str, source: dict[str, Any], module: str
) -> None:
    path = tmp_path / "account.json"
    path.write_text(json.dumps(ACCOUNT | {"subject_token_type": kind, "credential_source": source}))
    path.chmod(0o600)
    assert type(credentials.from_file(path)).__module__ == module


def test_a_workload_whose_source_is_incomplete_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    source = {"environment_id": "aws9"}
    path.write_text(json.dumps(ACCOUNT | {"subject_token_type": JWT, "credential_source": source}))
    path.chmod(0o600)
    with pytest.raises(errors.CredentialsError, match="no credentials can be read"):
        credentials.from_file(path)


def test_a_configuration_without_a_certificate_of_a_workload_is_not_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "certificate_config.json"
    config.write_text(json.dumps({"cert_configs": {}}))
    monkeypatch.setenv("GOOGLE_API_CERTIFICATE_CONFIG", str(config))
    assert options.resolve(ClientOptions(api_key="k"), HOST).identity is None


# the key of an everyday client


def test_a_key_is_given_once() -> None:
    with pytest.raises(errors.ArgumentError, match="api_key is given twice"):
        options.with_key(ClientOptions(api_key="a"), "b", credentials=None, variables={})


@pytest.mark.parametrize(
    ("given", "key", "held", "expected"),
    [
        (ClientOptions(), "mine", False, "mine"),
        (ClientOptions(), None, False, "of the environment"),
        (ClientOptions(api_key="option"), None, False, "option"),
        (ClientOptions(), None, True, None),
        (ClientOptions(credentials_file="f"), None, False, None),
    ],
)
def test_the_key_is_the_one_given_else_that_of_the_environment(
    given: ClientOptions, key: str | None, held: bool, expected: str | None
) -> None:
    from google.auth.credentials import AnonymousCredentials

    made = options.with_key(
        given,
        key,
        credentials=AnonymousCredentials() if held else None,  # type: ignore[no-untyped-call]
        variables={"GEMINI_API_KEY": "of the environment"},
    )
    assert (made.api_key.reveal() if made.api_key else None) == expected  # type: ignore[union-attr]


# the project of Vertex AI


@pytest.mark.parametrize(
    ("project", "location", "variables", "expected"),
    [
        ("p", "europe-west4", {"GOOGLE_CLOUD_PROJECT": "q"}, ("p", "europe-west4")),
        (None, None, {"GOOGLE_CLOUD_PROJECT": "q"}, ("q", "us-central1")),
        ("p", None, {"GOOGLE_CLOUD_LOCATION": "asia-east1"}, ("p", "asia-east1")),
    ],
)
def test_the_project_and_location_are_those_given_else_those_of_the_environment(
    project: str | None,
    location: str | None,
    variables: dict[str, str],
    expected: tuple[str, str],
) -> None:
    assert options.google_cloud(project, location, variables) == expected


def test_a_project_is_needed() -> None:
    with pytest.raises(errors.ArgumentError, match="set GOOGLE_CLOUD_PROJECT"):
        options.google_cloud(None, None, {})
