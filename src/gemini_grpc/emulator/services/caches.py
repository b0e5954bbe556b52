"""Cached contents: CacheService, and GenAiCacheService of Vertex AI.

What is stored is never returned; `prefix` gives it to generating. A cache lives for an hour unless its
`ttl` or `expire_time` says otherwise, and needs `MINIMUM_TOKENS`, as the real ones do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.emulator import names, paging, status, tokens
from gemini_grpc.emulator.services import files
from gemini_grpc.emulator.services.models import find
from gemini_grpc.emulator.store import LATEST, Record, moment

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call

LIFETIME = 3600.0
"""Seconds a cache lives when nothing is said."""
MINIMUM_TOKENS = 1024
"""How many tokens a cache has at least; a world that is not strict takes any number."""

_INPUT = ("contents", "system_instruction", "tools", "tool_config")
_EXPIRATION = ("ttl", "expire_time")
_NAMES = (names.CACHED_CONTENT, names.VERTEX_CACHED_CONTENT)


def create_cached_content(call: Call) -> Data:
    """Store the beginning of a prompt."""
    given = call.request["cached_content"]
    if not given.get("model"):
        raise status.invalid("cached_content.model", "is required")
    model = find(call, given["model"])
    if "createCachedContent" not in model["supported_generation_methods"]:
        raise status.invalid("cached_content.model", f"{given['model']} does not support caching")
    private = {field: given[field] for field in _INPUT if field in given}
    private["model"] = model["name"]
    private["totals"] = _totals(call, given)
    store = call.world.store
    with store.lock:
        expires = _expires(given, store.now(), _EXPIRATION)
        collection = _collection(call)
        data = {
            "name": f"{collection}/{store.new_id(collection)}",
            "display_name": given.get("display_name", ""),
            "model": given["model"],
            "create_time": store.moment(),
            "update_time": store.moment(),
            "expire_time": moment(expires),
            "usage_metadata": _usage(given, private["totals"]),
        }
        return store.add(Record(data, private, expires=expires)).data


def get_cached_content(call: Call) -> Data:
    """Return one cache, without its input."""
    return call.world.store.find(names.require(call.request, "name", *_NAMES)).data


def list_cached_contents(call: Call) -> Data:
    """Return a page of the caches."""
    records = call.world.store.records(_collection(call))
    found, token = paging.page(records, call.request, default=100, maximum=1000)
    return {"cached_contents": [record.data for record in found], "next_page_token": token}


def update_cached_content(call: Call) -> Data:
    """Move the expiration of a cache."""
    given = call.request["cached_content"]
    name = names.require(given, "name", *_NAMES, path="cached_content.name")
    mask = call.request.get("update_mask") or [field for field in _EXPIRATION if field in given]
    if "*" in mask:
        mask = _EXPIRATION
    if wrong := [field for field in mask if field not in _EXPIRATION]:
        raise status.invalid(
            "update_mask", f"names {', '.join(wrong)}; only the expiration changes"
        )
    if not any(field in given for field in mask):
        raise status.invalid("cached_content", f"has no {' or '.join(mask or _EXPIRATION)}")
    store = call.world.store
    with store.lock:
        record = store.find(name)
        expires = _expires(given, store.now(), mask)
        times = {"expire_time": moment(expires), "update_time": store.moment()}
        return store.change(name, data=record.data | times, expires=expires).data


def delete_cached_content(call: Call) -> Data:
    """Drop a cache."""
    call.world.store.remove(names.require(call.request, "name", *_NAMES))
    return {}


def prefix(call: Call, name: str, *, model: str) -> Data:
    """Return what a cache puts in front of a prompt.

    The dictionary has those of `contents`, `system_instruction`, `tools` and `tool_config` that were
    stored, and `totals`, the tokens by modality.

    Args:
        call: The call that generates.
        name: The cache.
        model: The name of the model that is asked, as `find` gives it.

    Raises:
        StatusError: NOT_FOUND, or INVALID_ARGUMENT: it was made for another model.
    """
    stored = call.world.store.find(name).private
    if stored["model"] != model:
        raise status.invalid("cached_content", f"was made for {stored['model']}, not for {model}")
    return {key: value for key, value in stored.items() if key != "model"}


def _collection(call: Call) -> str:
    if call.version != "aiplatform_v1":
        return "cachedContents"
    return f"{names.require(call.request, 'parent', names.LOCATION)}/cachedContents"


def _expires(given: Data, now: float, fields: tuple[str, ...] | list[str]) -> float:
    """Return when a cache ends, by what is given of two fields."""
    end: float
    if "ttl" in fields and "ttl" in given:
        field, end = "ttl", now + given["ttl"].total_seconds()
    elif "expire_time" in fields and "expire_time" in given:
        field, end = "expire_time", given["expire_time"].timestamp()
    else:
        return now + LIFETIME
    if not now < end < LATEST:
        raise status.invalid(f"cached_content.{field}", "is not in the future that can be written")
    return end


def _totals(call: Call, given: Data) -> dict[str, int]:
    """Return the tokens of what is to be stored, by modality; too few are refused."""
    if not any(given.get(field) for field in _INPUT):
        raise status.invalid("cached_content.contents", "is required")
    instruction = given.get("system_instruction")
    stored = [*([instruction] if instruction else []), *given.get("contents", ())]
    totals = tokens.count_contents(stored, files.reader(call.world))
    if tools := given.get("tools"):
        totals["TEXT"] = totals.get("TEXT", 0) + tokens.count_tools(tools)
    count = sum(totals.values())
    if call.world.strict and count < MINIMUM_TOKENS:
        raise status.invalid(
            "cached_content", f"has {count} tokens, fewer than {MINIMUM_TOKENS}, the least to cache"
        )
    return totals


def _usage(given: Data, totals: dict[str, int]) -> Data:
    """Return how large a cache is: in tokens, and for Vertex AI in characters, images and seconds."""
    stored = [given.get("system_instruction", {}), *given.get("contents", ())]
    parts = [part for content in stored for part in content.get("parts", ())]
    media = [part.get("inline_data") or part.get("file_data") or {} for part in parts]
    images = [one for one in media if tokens.modality_of(one.get("mime_type", "")) == "IMAGE"]
    return {
        "total_token_count": sum(totals.values()),
        "text_count": sum(len(part.get("text", "")) for part in parts),
        "image_count": len(images),
        "video_duration_seconds": totals.get("VIDEO", 0) // tokens.VIDEO_TOKENS_PER_SECOND,
        "audio_duration_seconds": totals.get("AUDIO", 0) // tokens.AUDIO_TOKENS_PER_SECOND,
    }


_METHODS = {
    "CreateCachedContent": create_cached_content,
    "GetCachedContent": get_cached_content,
    "ListCachedContents": list_cached_contents,
    "UpdateCachedContent": update_cached_content,
    "DeleteCachedContent": delete_cached_content,
}

HANDLERS = {
    f"{service}.{name}": handler
    for service in ("CacheService", "GenAiCacheService")
    for name, handler in _METHODS.items()
}
