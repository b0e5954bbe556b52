"""ModelService: the models, and finding the model that a call names.

A model is named `models/{model}` or by its bare id, and in Vertex AI by the publisher model or by an
endpoint. An endpoint is a tuned model or a built-in one if its id is that of one; an id that is a
number, as Vertex AI gives them, stands for `ENDPOINT_MODEL`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import grpc

from gemini_grpc import model_names
from gemini_grpc.emulator import paging, status
from gemini_grpc.emulator.status import StatusError

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call

ENDPOINT_MODEL = f"models/{model_names.FLASH}"
"""The model behind the endpoints that nobody has made."""

_LOCATION = r"(?:projects/[^/]+/locations/[^/]+/)?"
_PUBLISHED = re.compile(_LOCATION + r"publishers/google/models/(?P<id>[^/@]+)(?:@[^/]*)?")
_ENDPOINT = re.compile(_LOCATION + r"endpoints/(?P<id>[^/]+)")
_DEFAULTS = ("temperature", "top_p", "top_k")


def get_model(call: Call) -> Data:
    """Return one model."""
    name = require(call.request, "name")
    model = call.world.models.get(name if "/" in name else f"models/{name}")
    if model is None:
        raise _no_model(call, name, "")
    return model


def list_models(call: Call) -> Data:
    """Return a page of the models."""
    models = sorted(call.world.models.values(), key=lambda model: str(model["name"]))
    found, token = paging.page(models, call.request, default=50, maximum=1000)
    return {"models": found, "next_page_token": token}


def find(call: Call, name: str, *, supports: str = "") -> Data:
    """Return the model of a name: as `Model`, also if it is a tuned one.

    Args:
        call: The call that names it.
        name: The name.
        supports: A method that it must have, as `supported_generation_methods` spells it.

    Raises:
        StatusError: NOT_FOUND, also if it does not have the method; FAILED_PRECONDITION: it is a tuned
            model that is not ready.
    """
    model = _find(call, name)
    if model is None or (supports and supports not in model["supported_generation_methods"]):
        raise _no_model(call, name, supports)
    return model


def _no_model(call: Call, name: str, method: str) -> StatusError:
    """Return the error for a model that does not exist or does not have a method, in the service's words."""
    version = "v1" if call.version == "aiplatform_v1" else call.version
    unsupported = f", or is not supported for {method}" if method else ""
    return StatusError(
        grpc.StatusCode.NOT_FOUND,
        f"{name} is not found for API version {version}{unsupported}. Call ListModels to see the list "
        "of available models and their supported methods.",
    )


def require(request: Data, field: str) -> str:
    """Return a field that must be set.

    Raises:
        StatusError: INVALID_ARGUMENT: it is not.
    """
    value = request.get(field)
    if not value:
        raise status.invalid(field, "is required")
    return str(value)


def _find(call: Call, name: str) -> Data | None:
    models = call.world.models
    if match := _PUBLISHED.fullmatch(name):
        return models.get(f"models/{match['id']}")
    if match := _ENDPOINT.fullmatch(name):
        return (
            _tuned(call, f"tunedModels/{match['id']}")
            or models.get(f"models/{match['id']}")
            or (models.get(ENDPOINT_MODEL) if match["id"].isdecimal() else None)
        )
    return models.get(name if "/" in name else f"models/{name}") or _tuned(call, name)


def _tuned(call: Call, name: str) -> Data | None:
    """Return a tuned model as what it was made from, with its own name and defaults."""
    if not name.startswith("tunedModels/"):
        return None
    record = call.world.store.get(name)
    if record is None:
        return None
    state = record.private["run"].state(call.world.store.now())
    if state != "ACTIVE":
        raise status.failed_precondition(f"{name} is {state}: it answers once it is ACTIVE")
    own = {
        key: record.data[key] for key in ("name", "display_name", *_DEFAULTS) if key in record.data
    }
    return call.world.models[record.private["base"]] | own


HANDLERS = {"ModelService.GetModel": get_model, "ModelService.ListModels": list_models}
