"""PredictionService of the Gemini API: Predict draws pictures, PredictLongRunning makes videos.

What a model takes is a JSON object with a `prompt` for each instance, and an object of parameters for
all of them: `sampleCount` and `aspectRatio`, and `durationSeconds` for videos. Parameters that make no
difference here are accepted and ignored.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from gemini_grpc.emulator import status, video
from gemini_grpc.emulator.answers import media
from gemini_grpc.emulator.services import files, operations
from gemini_grpc.emulator.services.models import find, require

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call

SAMPLE_LIMIT = 4
VIDEO_SECONDS = 0.25
"""How long a video takes to be made."""
SIZES = {"1:1": (32, 32), "3:4": (24, 32), "4:3": (32, 24), "9:16": (18, 32), "16:9": (32, 18)}
"""Width and height in pixels, by aspect ratio."""
DURATIONS = (1, 60)
"""The least and the most seconds of a video."""


def predict(call: Call) -> Data:
    """Return pictures: as many of each instance as the parameters say."""
    find(call, require(call.request, "model"), supports="predict")
    prompts = _prompts(call.request)
    count, size = _parameters(call.request)
    return {
        "predictions": [
            {
                "mimeType": "image/png",
                "bytesBase64Encoded": base64.b64encode(picture).decode(),
                "prompt": prompt,
            }
            for prompt in prompts
            for picture in (
                media.picture(_said(call, prompt, number), *size) for number in range(count)
            )
        ]
    }


def predict_long_running(call: Call) -> Data:
    """Start making videos; they are files, which are there once the operation is done."""
    model = find(call, require(call.request, "model"), supports="predictLongRunning")
    prompts = _prompts(call.request)
    count, size = _parameters(call.request)
    seconds = _whole(call.request.get("parameters", {}), "durationSeconds", 8, DURATIONS)
    world = call.world
    with world.store.lock:
        end = world.store.now() + VIDEO_SECONDS
        made = [
            files.add(
                world,
                {},
                content=video.mp4(_said(call, prompt, number), size, seconds=seconds),
                mime_type="video/mp4",
                source="GENERATED",
                ready=end,
            )
            for prompt in prompts
            for number in range(count)
        ]
        samples = [{"video": {"uri": file["download_uri"]}} for file in made]

        def drop() -> None:
            for file in made:
                world.store.remove(file["name"])

        job = operations.Job(
            end=end,
            metadata=lambda at: {},
            response=lambda: {"generate_video_response": {"generated_samples": samples}},
            cancel=drop,
        )
        return operations.start(call, model["name"], job)


def _said(call: Call, prompt: str, number: int) -> str:
    """Return what one sample is about: the prompt, and what makes it differ from the others."""
    return f"{prompt} {call.world.seed}.{number}"


def _prompts(request: Data) -> list[str]:
    """Return the prompt of every instance."""
    prompts = []
    for index, instance in enumerate(request["instances"]):
        prompt = instance.get("prompt") if isinstance(instance, dict) else None
        if not isinstance(prompt, str) or not prompt:
            raise status.invalid(f"instances[{index}]", "has no prompt, which is a text")
        prompts.append(prompt)
    return prompts


def _parameters(request: Data) -> tuple[int, tuple[int, int]]:
    """Return how many samples are wanted of each instance, and their size in pixels."""
    parameters = request.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise status.invalid("parameters", "is not an object")
    ratio = parameters.get("aspectRatio", "1:1")
    if not isinstance(ratio, str) or ratio not in SIZES:
        raise status.invalid("parameters.aspectRatio", f"is none of {', '.join(SIZES)}")
    return _whole(parameters, "sampleCount", 1, (1, SAMPLE_LIMIT)), SIZES[ratio]


def _whole(parameters: Data, key: str, usual: int, limits: tuple[int, int]) -> int:
    """Return a parameter that is a whole number; JSON knows no difference to other numbers."""
    value: Any = parameters.get(key, usual)
    least, most = limits
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or value != value // 1 or not least <= value <= most:
        raise status.invalid(f"parameters.{key}", f"is {value}, expected {least} to {most}")
    return int(value)


HANDLERS = {
    "PredictionService.Predict": predict,
    "PredictionService.PredictLongRunning": predict_long_running,
}
