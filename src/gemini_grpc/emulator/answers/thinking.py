"""Reasoning: the thoughts of models that think, and how many tokens they may take.

Without a configuration such a model thinks a little and keeps it to itself: only `thoughts_token_count`
tells. `thinking_budget` is kept to, 0 is no thinking where the model permits it, -1 leaves it to the
model. Thoughts count toward `max_output_tokens`; left to itself the model spends a quarter of it at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.emulator import models, status, text, tokens

if TYPE_CHECKING:
    from gemini_grpc.emulator.answers.prompt import Prompt
    from gemini_grpc.emulator.convert import Data

_PATH = "generation_config.thinking_config"
_LEVELS = {"MINIMAL": 8, "LOW": 16, "MEDIUM": 64, "HIGH": 256}


def budget(model: str, config: Data) -> int:
    """Return how many tokens the model may think for a request, -1 when it decides itself.

    Raises:
        StatusError: INVALID_ARGUMENT: the model does not think, or not with such a budget.
    """
    wished = config.get("thinking_config", {})
    known = models.thinking(model)
    if known is None:
        if wished.get("thinking_budget") or wished.get("include_thoughts"):
            raise status.invalid(_PATH, f"is not supported by {model}, which does not think")
        return 0
    if (level := wished.get("thinking_level")) in _LEVELS:
        return _LEVELS[level]
    chosen = int(wished.get("thinking_budget", -1 if wished else known.usual))
    if chosen == -1 or (chosen == 0 and known.optional) or known.least <= chosen <= known.most:
        return chosen
    least = 0 if known.optional else known.least
    span = f"{least} to {known.most}, or -1"
    raise status.invalid(f"{_PATH}.thinking_budget", f"is {chosen}, expected {span}")


def thoughts(prompt: Prompt, allowed: int, limit: int, *, seed: object) -> str:
    """Return the thoughts about a prompt, within a budget of tokens.

    Args:
        prompt: What is asked.
        allowed: The budget, -1 for none.
        limit: `max_output_tokens`, 0 for none.
        seed: What makes the thoughts of one candidate differ from those of another.
    """
    if allowed == 0:
        return ""
    said = " ".join(text.keywords(prompt.said[-2000:])[:5])
    steps = [f"**Considering {said}**\n\nThe request is about {said}."]
    if prompt.instruction:
        steps.append("The system instruction has to be followed.")
    if prompt.history:
        steps.append(f"There are {len(prompt.history)} earlier turns to keep in mind.")
    if prompt.results:
        names = ", ".join(str(result.get("name", "")) for result in prompt.results)
        steps.append(f"The results of {names} are in.")
    chance = text.seeded("thoughts", prompt.said, seed)
    steps += chance.sample(_STEPS, chance.randint(1, len(_STEPS)))
    pieces = tokens.pieces(" ".join(steps))
    most = max(1, limit // 4) if allowed < 0 and limit else allowed
    if most > 0:
        pieces = pieces[:most]
    return "".join(pieces)


_STEPS = (
    "What exactly is being asked comes first.",
    "A short and direct answer will do.",
    "Nothing in the request contradicts itself.",
    "The form of the answer should fit the question.",
)
