"""A gRPC client for Google's Gemini models.

Public names are imported on first use, so that `import gemini_grpc` costs little more than
`import grpc`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc._lazy import attach

if TYPE_CHECKING:
    from gemini_grpc import aiplatform_v1 as aiplatform_v1
    from gemini_grpc import emulator as emulator
    from gemini_grpc import errors as errors
    from gemini_grpc import live as live
    from gemini_grpc import v1alpha as v1alpha
    from gemini_grpc import v1beta as v1beta
    from gemini_grpc.generative._async.client import AsyncClient as AsyncClient
    from gemini_grpc.generative._sync.client import Client as Client
    from gemini_grpc.rpc.client_options import ClientOptions as ClientOptions
    from gemini_grpc.rpc.policy import RetryPolicy as RetryPolicy

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "Client",
    "ClientOptions",
    "RetryPolicy",
    "aiplatform_v1",
    "emulator",
    "errors",
    "live",
    "v1alpha",
    "v1beta",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "AsyncClient": ".generative._async.client",
        "Client": ".generative._sync.client",
        "ClientOptions": ".rpc.client_options",
        "RetryPolicy": ".rpc.policy",
        "aiplatform_v1": ".aiplatform_v1",
        "emulator": ".emulator",
        "errors": ".errors",
        "live": ".live",
        "v1alpha": ".v1alpha",
        "v1beta": ".v1beta",
    },
)
