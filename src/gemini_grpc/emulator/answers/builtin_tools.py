"""The tools that the service runs itself: code execution, search, pages by address, maps and files.

Search finds pages of `example.com`, made of the words of the prompt, and backs each sentence of the
answer with one of them. Pages are not fetched: their address decides, see `PAGE_TRIGGERS`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from gemini_grpc.emulator import text
from gemini_grpc.emulator.answers import computing, reading

if TYPE_CHECKING:
    from gemini_grpc.emulator.answers.prompt import Prompt
    from gemini_grpc.emulator.convert import Data

PAGE_TRIGGERS = {
    ".invalid": "URL_RETRIEVAL_STATUS_ERROR",
    "paywall": "URL_RETRIEVAL_STATUS_PAYWALL",
    "unsafe": "URL_RETRIEVAL_STATUS_UNSAFE",
}
"""What in an address makes fetching fail, and how; any other page is found."""
PAGE_LIMIT = 20
"""How many pages are fetched for one prompt."""

_LINK = re.compile(r"https?://[^\s\"'<>)\]]{1,500}")
_DEFAULT_THRESHOLD = 0.3


@dataclass(slots=True)
class Findings:
    """What hosted tools contributed to an answer."""

    queries: list[str] = field(default_factory=list)
    chunks: list[Data] = field(default_factory=list)
    """Messages of `GroundingChunk`."""
    metadata: Data = field(default_factory=dict)
    """Other fields of `GroundingMetadata`."""
    pages: list[Data] = field(default_factory=list)
    """Messages of `UrlMetadata`."""
    tokens: int = 0
    """What the tools fed back to the model counts."""


def execute(prompt: Prompt, tools: Iterable[Data]) -> list[Data]:
    """Return the parts of a program and of its result, none when there is nothing to compute."""
    if not any("code_execution" in tool for tool in tools):
        return []
    made = computing.run(prompt.said)
    if made is None:
        return []
    return [
        {"executable_code": {"language": "PYTHON", "code": made.code}},
        {"code_execution_result": {"outcome": made.outcome, "output": made.output}},
    ]


def conclude(parts: list[Data]) -> str:
    """Return what is said after a program has run."""
    result = parts[-1]["code_execution_result"]
    if result["outcome"] != "OUTCOME_OK":
        return f"The program failed: {result['output'].strip()}."
    return f"The result is {result['output'].strip()}."


def consult(prompt: Prompt, tools: Iterable[Data], request: Data) -> Findings | None:
    """Return what the tools of a request find for a prompt, None when none of them is used."""
    found = Findings()
    used = False
    for tool in tools:
        for name, look in _TOOLS.items():
            if name in tool:
                used = look(found, prompt, tool[name], request) or used
    return found if used else None


def grounding(found: Findings, said: str, *, part: int) -> Data:
    """Return the fields of a candidate that tell what an answer is based on.

    Args:
        found: What the tools found.
        said: The text of the answer.
        part: The index of the part that has it.
    """
    fields: Data = {}
    if found.pages:
        fields["url_context_metadata"] = {"url_metadata": found.pages}
    if found.chunks or found.metadata:
        fields["grounding_metadata"] = {
            **found.metadata,
            "web_search_queries": found.queries,
            "grounding_chunks": found.chunks,
            "grounding_supports": _supports(said, len(found.chunks), part),
        }
    return fields


def _supports(said: str, sources: int, part: int) -> list[Data]:
    """Return one support for each sentence; offsets count bytes of UTF-8."""
    supports: list[Data] = []
    place = 0
    for index, sentence in enumerate(reading.sentences(said) if sources else ()):
        place = said.index(sentence, place)
        start = len(said[:place].encode())
        place += len(sentence)
        segment = {
            "part_index": part,
            "start_index": start,
            "end_index": start + len(sentence.encode()),
            "text": sentence,
        }
        supports.append(
            {
                "segment": segment,
                "grounding_chunk_indices": [index % sources],
                "confidence_scores": [round(0.97 - 0.04 * (index % 8), 2)],
            }
        )
    return supports


def _search(found: Findings, prompt: Prompt, settings: Data, request: Data) -> bool:
    query = " ".join(text.keywords(prompt.said[-2000:])[:8])
    excluded = settings.get("exclude_domains", ())
    sites = [site for site in ("example.com", "example.org", "example.net") if site not in excluded]
    chance = text.seeded("search", query)
    for site in sites[: chance.randint(2, 3)]:
        words = query.split()
        title = f"{' '.join(words[:4]).capitalize()} - {site}"
        found.chunks.append(
            {"web": {"uri": f"https://{site}/{'-'.join(words[:4])}", "title": title}}
        )
    found.queries.append(query)
    address = f"https://www.google.com/search?q={quote(query)}"
    found.metadata["search_entry_point"] = {
        "rendered_content": f'<div class="suggestion"><a href="{address}">{escape(query)}</a></div>',
        "sdk_blob": json.dumps([{"search_term": query, "search_url": address}]).encode(),
    }
    return True


def _dynamic_search(found: Findings, prompt: Prompt, settings: Data, request: Data) -> bool:
    config = settings.get("dynamic_retrieval_config", {})
    if config.get("mode") != "MODE_DYNAMIC":
        return _search(found, prompt, settings, request)
    score = round(text.seeded("retrieval", prompt.said).random(), 2)
    found.metadata["retrieval_metadata"] = {"google_search_dynamic_retrieval_score": score}
    if score >= config.get("dynamic_threshold", _DEFAULT_THRESHOLD):
        _search(found, prompt, settings, request)
    return True


def _read_pages(found: Findings, prompt: Prompt, settings: Data, request: Data) -> bool:
    links = dict.fromkeys(link.rstrip(".,;:?!") for link in _LINK.findall(prompt.said))
    for link in list(links)[:PAGE_LIMIT]:
        address = link.lower()
        outcome = next((how for word, how in PAGE_TRIGGERS.items() if word in address), _FETCHED)
        found.pages.append({"retrieved_url": link, "url_retrieval_status": outcome})
        if outcome == _FETCHED:
            found.tokens += text.seeded("page", link).randint(150, 900)
            found.chunks.append({"web": {"uri": link, "title": urlsplit(link).netloc}})
    return bool(found.pages)


_FETCHED = "URL_RETRIEVAL_STATUS_SUCCESS"


def _find_places(found: Findings, prompt: Prompt, settings: Data, request: Data) -> bool:
    where = request.get("tool_config", {}).get("retrieval_config", {}).get("lat_lng", {})
    chance = text.seeded("maps", prompt.said, repr(where))
    for word in (text.keywords(prompt.said) * 2)[:2]:
        place = f"{chance.getrandbits(64):016x}"
        title = f"The {chance.choice(('Old', 'New', 'Little', 'Grand'))} {word.capitalize()}"
        uri = f"https://maps.google.com/?cid={place}"
        review = {"review_id": f"{place}-1", "google_maps_uri": f"{uri}&review=1", "title": title}
        chunk = {
            "uri": uri,
            "title": title,
            "text": f"{title}, open from 9 to 17.",
            "place_id": f"places/{place}",
            "place_answer_sources": {"review_snippets": [review]},
        }
        found.chunks.append({"maps": chunk})
    if settings.get("enable_widget"):
        token = f"widget-{chance.getrandbits(64):016x}"
        found.metadata["google_maps_widget_context_token"] = token
    return True


def _retrieve(found: Findings, prompt: Prompt, settings: Data, request: Data) -> bool:
    words = text.keywords(prompt.said)[:4]
    stores = [entry.get("rag_store_name", "") for entry in settings.get("retrieval_resources", ())]
    source = next(iter(stores), "") or "documents"
    passage = text.answer(prompt.said[-2000:], seed="retrieved")
    found.chunks.append(
        {
            "retrieved_context": {
                "uri": f"{source}/{'-'.join(words)}",
                "title": " ".join(words).capitalize(),
                "text": passage,
            }
        }
    )
    found.metadata["retrieval_queries"] = [" ".join(words)]
    found.tokens += len(passage) // 4
    return True


_TOOLS: dict[str, Callable[[Findings, Prompt, Any, Data], bool]] = {
    "google_search": _search,
    "enterprise_web_search": _search,
    "parallel_ai_search": _search,
    "exa_ai_search": _search,
    "google_search_retrieval": _dynamic_search,
    "url_context": _read_pages,
    "google_maps": _find_places,
    "file_search": _retrieve,
    "retrieval": _retrieve,
}
