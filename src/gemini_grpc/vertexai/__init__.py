"""What code written for `vertexai` imports: `init`, and the module `generative_models`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative.default import configure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.auth.credentials import Credentials

__all__ = ["init"]


def init(
    *,
    project: str | None = None,
    location: str | None = None,
    credentials: Credentials | None = None,
    api_endpoint: str | None = None,
    api_transport: str | None = None,
    request_metadata: Sequence[tuple[str, str]] = (),
) -> None:
    """Let the default client be one of Vertex AI, as `configure` does with a project.

    Args:
        project: The Google Cloud project; that of `GOOGLE_CLOUD_PROJECT` if not given.
        location: A region, `us`, `eu` or `global`; that of `GOOGLE_CLOUD_LOCATION` if not given, else
            `us-central1`.
        credentials: Credentials of google-auth; the application default credentials if not given.
        api_endpoint: `host` or `host:port` instead of the location's own.
        api_transport: `grpc`, for code that says so.
        request_metadata: Metadata to send with every call.

    Raises:
        ArgumentError: There is no project, or another transport is asked for.
    """
    if api_transport not in {None, "grpc"}:
        raise ArgumentError(f"api_transport is {api_transport!r}; this library speaks gRPC only")
    configure(
        project=project or "",
        location=location,
        credentials=credentials,
        client_options={"api_endpoint": api_endpoint} if api_endpoint else None,
        default_metadata=request_metadata,
    )
