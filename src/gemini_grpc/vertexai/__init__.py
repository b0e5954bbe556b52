"""What code written for `vertexai` imports: `init`, and the module `generative_models`."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative.default import chosen, configure
from gemini_grpc.rpc.client_options import ClientOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.auth.credentials import Credentials

__all__ = ["init"]

_LOCATIONS = ("GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_REGION", "CLOUD_ML_REGION")
"""The variables with a location, ours before those that vertexai reads."""


def init(
    *,
    project: str | None = None,
    location: str | None = None,
    credentials: Credentials | None = None,
    api_endpoint: str | None = None,
    api_transport: str | None = None,
    request_metadata: Sequence[tuple[str, str]] | None = None,
) -> None:
    """Let the default client be one of Vertex AI, as `configure` does with a project.

    What is not given stays as `init`, or `configure` with a project, has said before; the endpoint too,
    when the location changes. After a `configure` for the Gemini API all is as at the beginning.

    Args:
        project: The Google Cloud project; at the beginning that of `GOOGLE_CLOUD_PROJECT`.
        location: A region, `us`, `eu` or `global`; at the beginning that of `GOOGLE_CLOUD_LOCATION`,
            `GOOGLE_CLOUD_REGION` or `CLOUD_ML_REGION`, else `us-central1`.
        credentials: Credentials of google-auth; at the beginning the application default credentials.
        api_endpoint: `host` or `host:port` instead of the location's own.
        api_transport: `grpc`, for code that says so.
        request_metadata: Metadata to send with every call.

    Raises:
        ArgumentError: There is no project, a name cannot be one, or another transport is asked for.
    """
    if api_transport not in {None, "grpc"}:
        raise ArgumentError(f"api_transport is {api_transport!r}; this library speaks gRPC only")
    before = chosen()
    told: dict[str, Any] = before.arguments if before and before.backend.is_vertex else {}
    options = told.get("client_options")
    if api_endpoint:
        options = replace(ClientOptions.of(options), api_endpoint=api_endpoint)
    variables = (os.environ[name] for name in _LOCATIONS if os.environ.get(name))
    given = {
        "project": project or told.get("project") or "",
        "location": location or told.get("location") or next(variables, None),
        "credentials": credentials or told.get("credentials"),
        "client_options": options,
        "default_metadata": (
            told.get("default_metadata", ()) if request_metadata is None else request_metadata
        ),
    }
    configure(**{**told, **given})
