"""ModelService: tuned models, made by an operation that goes through a `tuning.Run`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from gemini_grpc.emulator import names, paging, status
from gemini_grpc.emulator.services import masks, operations, permissions
from gemini_grpc.emulator.services.models import find
from gemini_grpc.emulator.services.tuning import Run
from gemini_grpc.emulator.store import Record, moment

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.store import Store
    from gemini_grpc.emulator.world import Call, World

EPOCHS = 5
"""How often a run goes through the examples when nothing is said."""
BATCH_SIZE = 4
"""How many examples a step takes when nothing is said."""

_SAMPLING = ("temperature", "top_p", "top_k")
_EDITABLE = ("display_name", "description", "reader_project_numbers", *_SAMPLING)
_RATES = ("learning_rate", "learning_rate_multiplier")

_TERMS: dict[str, Callable[[Call, str], bool]] = {
    "owner:me": lambda call, name: permissions.allows(call, name, "OWNER"),
    "writers:me": lambda call, name: permissions.allows(call, name, "WRITER"),
    "readers:me": lambda call, name: permissions.allows(call, name, "READER"),
    "writers:everyone": lambda call, name: permissions.allows(call, name, "WRITER", everyone=True),
    "readers:everyone": lambda call, name: permissions.allows(call, name, "READER", everyone=True),
}
"""The terms of a filter that ask who may do what."""


def create_tuned_model(call: Call) -> Data:
    """Start tuning; the caller owns the model."""
    given = call.request["tuned_model"]
    examples = _examples(given)
    settings = _settings(given, examples)
    store = call.world.store
    with store.lock:
        base, source = _source(call, given)
        name = _name(call, given)
        now = store.now()
        run = Run(name, examples, settings["epoch_count"], settings["batch_size"], start=now)
        data: Data = {key: call.world.models[base][key] for key in _SAMPLING}
        data |= {key: given[key] for key in _EDITABLE if key in given}
        data |= source | {"name": name, "create_time": moment(now), "update_time": moment(now)}
        data["tuning_task"] = {"hyperparameters": settings}
        store.add(Record(data, {"run": run, "base": base}))
        permissions.own(call, name)
        job = operations.Job(
            end=run.end,
            metadata=lambda at: {"tuned_model": name} | run.progress(at),
            response=lambda: _seen(call.world, store.find(name)),
            cancel=lambda: _stop(store, name),
        )
        return operations.start(call, name, job)


def get_tuned_model(call: Call) -> Data:
    """Return one tuned model as it is now."""
    name = names.require(call.request, "name", names.TUNED_MODEL)
    return _seen(call.world, call.world.store.find(name))


def list_tuned_models(call: Call) -> Data:
    """Return a page of the tuned models that pass a filter of words and terms, all of which must hold."""
    wanted = call.request.get("filter", "").lower().split()
    if unknown := [term for term in wanted if ":" in term and term not in _TERMS]:
        raise status.invalid("filter", f"has {unknown[0]!r}; known are {', '.join(_TERMS)}")
    records = [
        record
        for record in call.world.store.records("tunedModels")
        if all(_passes(call, record, term) for term in wanted)
    ]
    found, token = paging.page(records, call.request, default=10, maximum=1000)
    seen = [_seen(call.world, record) for record in found]
    return {"tuned_models": seen, "next_page_token": token}


def update_tuned_model(call: Call) -> Data:
    """Change the label, description, sampling defaults or reader projects of a tuned model."""
    given = call.request["tuned_model"]
    name = names.require(given, "name", names.TUNED_MODEL, path="tuned_model.name")
    mask = call.request.get("update_mask") or [key for key in _EDITABLE if key in given]
    store = call.world.store
    with store.lock:
        record = store.find(name)
        permissions.require(call, name, "WRITER")
        data = masks.apply(record.data, given, mask, editable=_EDITABLE)
        changed = store.change(name, data=data | {"update_time": store.moment()})
        return _seen(call.world, changed)


def delete_tuned_model(call: Call) -> Data:
    """Remove a tuned model, with its permissions and operations."""
    name = names.require(call.request, "name", names.TUNED_MODEL)
    store = call.world.store
    with store.lock:
        store.find(name)
        permissions.require(call, name, "OWNER")
        store.remove(name)
    return {}


def _examples(given: Data) -> int:
    """Return how many examples there are to learn from; none, or a bad one, is refused."""
    path = "tuned_model.tuning_task.training_data"
    examples = given["tuning_task"]["training_data"].get("examples", {})
    pairs = examples.get("examples", [])
    talks = examples.get("multiturn_examples", [])
    if not pairs and not talks:
        raise status.invalid(path, "is required")
    for index, talk in enumerate(talks):
        if not talk.get("contents"):
            where = f"{path}.examples.multiturn_examples[{index}].contents"
            raise status.invalid(where, "is required")
    return len(pairs) + len(talks)


def _settings(given: Data, examples: int) -> Data:
    """Return the hyperparameters of a run, with the defaults filled in."""
    settings: Data = given["tuning_task"].get("hyperparameters", {})
    filled: Data = {"epoch_count": EPOCHS, "batch_size": min(BATCH_SIZE, examples)} | settings
    if not any(field in settings for field in _RATES):
        filled["learning_rate"] = 0.001
    return filled


def _source(call: Call, given: Data) -> tuple[str, Data]:
    """Return the built-in model that is tuned in the end, and the field that says what was tuned."""
    if "tuned_model_source" in given:
        path = "tuned_model.tuned_model_source.tuned_model"
        source = given["tuned_model_source"]
        name = names.require(source, "tuned_model", names.TUNED_MODEL, path=path)
        record = call.world.store.find(name)
        find(call, name)
        base = record.private["base"]
        return base, {"tuned_model_source": {"tuned_model": name, "base_model": base}}
    if not given.get("base_model"):
        raise status.invalid("tuned_model.base_model", "is required, or a tuned_model_source")
    model = find(call, given["base_model"])
    if "createTunedModel" not in model["supported_generation_methods"]:
        raise status.invalid("tuned_model.base_model", f"{model['name']} cannot be tuned")
    return model["name"], {"base_model": model["name"]}


def _name(call: Call, given: Data) -> str:
    chosen = call.request.get("tuned_model_id", "")
    label = given.get("display_name", "")
    store = call.world.store
    if not chosen:
        return names.choose(store, "tunedModels", "", label=label or "tuned", path="")
    if not names.is_id(chosen) or not chosen[0].isalpha():
        raise status.invalid(
            "tuned_model_id",
            f"is {chosen!r}, expected up to 40 lower-case letters, digits and dashes, beginning with "
            "a letter and not ending in a dash",
        )
    return f"tunedModels/{chosen}"


def _passes(call: Call, record: Record, term: str) -> bool:
    if term in _TERMS:
        return _TERMS[term](call, record.name)
    said = f"{record.data.get('display_name', '')} {record.data.get('description', '')}"
    return term in said.lower()


def _stop(store: Store, name: str) -> None:
    """Break a run off; the model stays, and is of no use."""
    record = store.find(name)
    stopped = {"run": replace(record.private["run"], stopped=store.now())}
    store.change(name, private=record.private | stopped)


def _seen(world: World, record: Record) -> Data:
    """Return a tuned model as it is now."""
    run: Run = record.private["run"]
    now = world.store.now()
    task = record.data["tuning_task"] | {
        "start_time": moment(run.start),
        "snapshots": run.snapshots(now),
    }
    state = run.state(now)
    update_time = record.data["update_time"]
    if state != "CREATING":
        ended = moment(run.end if run.stopped is None else run.stopped)
        task["complete_time"] = ended
        update_time = max(update_time, ended)
    return record.data | {"state": state, "tuning_task": task, "update_time": update_time}


HANDLERS = {
    "ModelService.CreateTunedModel": create_tuned_model,
    "ModelService.GetTunedModel": get_tuned_model,
    "ModelService.ListTunedModels": list_tuned_models,
    "ModelService.UpdateTunedModel": update_tuned_model,
    "ModelService.DeleteTunedModel": delete_tuned_model,
}
