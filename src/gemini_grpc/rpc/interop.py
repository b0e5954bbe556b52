"""Take messages of google's own packages where ours are expected.

Our messages are registered under a proto package of our own, so that both libraries can live in one
process; the bytes are the same. A message whose name is the upstream twin of ours is converted by way
of its bytes.
"""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import Message as PbMessage

Pb = TypeVar("Pb", bound=PbMessage)

UPSTREAM = {
    "gemini_grpc.v1alpha": "google.ai.generativelanguage.v1alpha",
    "gemini_grpc.v1beta": "google.ai.generativelanguage.v1beta",
    "gemini_grpc.aiplatform_v1": "google.cloud.aiplatform.v1",
}
"""The upstream proto package of each of ours."""


def upstream_name(full_name: str) -> str:
    """Return the upstream full name of one of our types; other names stay as they are."""
    for ours, theirs in UPSTREAM.items():
        if full_name.startswith(ours + "."):
            return theirs + full_name[len(ours) :]
    return full_name


def from_upstream(pb_class: type[Pb], value: object) -> Pb | None:
    """Return `value` as `pb_class` if it is the upstream twin of that class, else None."""
    descriptor = getattr(value, "DESCRIPTOR", None)
    if descriptor is None or not isinstance(value, PbMessage):
        return None
    if descriptor.full_name != upstream_name(pb_class.DESCRIPTOR.full_name):
        return None
    return pb_class.FromString(value.SerializeToString())
