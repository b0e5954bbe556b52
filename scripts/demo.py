"""The main job, step by step: models, generating, streaming, embedding, a live session.

Runs against an emulator started for it, or with --real against Gemini.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
from collections.abc import Iterator

from gemini_grpc import errors, v1beta

MODEL = "models/gemini-2.5-flash"
EMBEDDING_MODEL = "models/gemini-embedding-001"
LIVE_MODELS = {False: "models/gemini-live", True: "models/gemini-2.0-flash-live-001"}
QUESTION = [{"role": "user", "parts": [{"text": "Why is the sky blue?"}]}]


def step(title: str) -> None:
    """Print the title of a step."""
    print(f"\n== {title}", flush=True)


def list_models(options: dict[str, object]) -> None:
    """List the models and what they can do."""
    step("ListModels")
    with v1beta.ModelServiceClient(client_options=options) as client:
        for model in client.list_models(page_size=50):
            print(f"{model.name:40} {', '.join(model.supported_generation_methods)}")


def generate(client: v1beta.GenerativeServiceClient) -> None:
    """Generate an answer, whole and then as a stream."""
    step("GenerateContent")
    response = client.generate_content(model=MODEL, contents=QUESTION)
    print(response.candidates[0].content.parts[0].text)
    usage = response.usage_metadata
    print(
        f"tokens: {usage.prompt_token_count} in the prompt, "
        f"{usage.candidates_token_count} in the answer, {usage.total_token_count} in all"
    )
    step("StreamGenerateContent")
    for chunk in client.stream_generate_content(model=MODEL, contents=QUESTION):
        print(repr(chunk.candidates[0].content.parts[0].text), flush=True)


def embed(client: v1beta.GenerativeServiceClient) -> None:
    """Embed a text."""
    step("EmbedContent")
    content = {"parts": [{"text": "Why is the sky blue?"}]}
    values = client.embed_content(model=EMBEDDING_MODEL, content=content).embedding.values
    print(f"{len(values)} numbers, the first: {', '.join(f'{value:.4f}' for value in values[:6])}")


def talk(client: v1beta.GenerativeServiceClient, model: str) -> None:
    """Hold a live session of one turn."""
    step("BidiGenerateContent")
    ready = threading.Event()

    def messages() -> Iterator[dict[str, object]]:
        print("sent: setup", flush=True)
        config = {"response_modalities": ["TEXT"]}
        yield {"setup": {"model": model, "generation_config": config}}
        ready.wait(30)  # nothing may be sent before setup_complete
        print("sent: a turn", flush=True)
        yield {"client_content": {"turns": QUESTION, "turn_complete": True}}

    with client.bidi_generate_content(messages()) as answers:
        for answer in answers:
            if "setup_complete" in answer:
                print("received: setup_complete", flush=True)
                ready.set()
            for part in answer.server_content.model_turn.parts:
                print(f"received: {part.text!r}", flush=True)
            if answer.server_content.turn_complete:
                print("received: turn_complete", flush=True)
                break


@contextlib.contextmanager
def service(arguments: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Yield the options of a client of the service to use."""
    if arguments.real:
        key = arguments.api_key or os.environ.get("GEMINI_API_KEY")
        if not key:
            raise SystemExit("demo: --real needs --api-key KEY or the variable GEMINI_API_KEY")
        yield {"api_key": key}
        return
    from gemini_grpc.emulator import Emulator

    with Emulator() as emulator:
        print(f"emulator on {emulator.target}", flush=True)
        yield {"api_endpoint": f"http://{emulator.target}", "api_key": "demo"}


def main() -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--real", action="store_true", help="use Gemini instead of the emulator")
    parser.add_argument("--api-key", help="the API key for --real")
    arguments = parser.parse_args()
    try:
        with service(arguments) as options:
            list_models(options)
            with v1beta.GenerativeServiceClient(client_options=options) as client:
                generate(client)
                embed(client)
                talk(client, LIVE_MODELS[arguments.real])
    except errors.GeminiError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
