"""The content of a message of LangChain as parts of Gemini, described by dictionaries.

LangChain puts what other providers and its own older versions write into its standard blocks; those are
read here, and of what is not standard that which is Gemini's own: a part, and the `media` blocks of
LangChain's other packages for Gemini. Calls of tools are not read from the content, because messages
have them in `tool_calls` too.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.generative import media, mime_types
from gemini_grpc.integrations.langchain import marks

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from gemini_grpc.generative.backend import Backend

Data = dict[str, Any]

CODE = "code_interpreter"
"""What LangChain calls the tool that Gemini runs code with."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the content of one message."""

    backend: Backend
    """Whose parts are described."""
    path: str
    """What errors call the message."""
    from_gemini: bool = False
    """Whether Gemini made it: then its signatures and its runs of code are sent back."""

    def parts(self, message: BaseMessage) -> Iterator[Data]:
        """Yield the parts that the content of the message stands for.

        Raises:
            ArgumentError: A block is of no known kind, or its data cannot be used.
        """
        for index, block in enumerate(message.content_blocks):
            kind = block["type"]
            read = _READERS.get(kind)
            path = f"{self.path}.content[{index}]"
            if read is None:
                known = ", ".join(map(repr, _READERS))
                raise FieldError(f"{path}: Gemini has no block of type {kind!r}; expected {known}")
            yield from read(self, block, path)

    def _text(self, block: Data, path: str) -> Iterator[Data]:
        signature = self._signature(block)
        if block["text"] or signature:
            yield marks.signed({"text": block["text"]}, signature, self.backend)

    def _thought(self, block: Data, path: str) -> Iterator[Data]:
        signature = self._signature(block)
        said = block.get("reasoning", "")
        if (said or signature) and self.backend.has("Part", "thought"):
            yield marks.signed({"text": said, "thought": True}, signature, self.backend)

    def _plain_text(self, block: Data, path: str) -> Iterator[Data]:
        if block.get("text"):
            yield {"text": block["text"]}
        else:
            yield from self._media({"mime_type": "text/plain", **block}, path)

    def _media(self, block: Data, path: str) -> Iterator[Data]:
        url = block.get("url") or block.get("file_id") or ""
        coded = block.get("base64")
        told = block.get("mime_type") or ""
        if url.startswith("data:"):
            head, _, coded = url.partition(",")
            told = told or head.removeprefix("data:").partition(";")[0]
        part: Data
        if coded:
            data = _decoded(coded, path)
            mime_type = told or media.sniff(data)
            if not mime_type:
                raise ArgumentError(f"{path}: nothing says what this is; give its mime_type")
            part = {"inline_data": {"mime_type": mime_type, "data": data}}
        elif url:
            guess = told or mime_types.of_name(urlsplit(url).path)
            part = {"file_data": {"mime_type": guess, "file_uri": url}}
        else:
            raise ArgumentError(f"{path}: expected 'base64', 'url' or 'file_id' in {list(block)}")
        seen = block.get("extras", {}).get("video_metadata")
        yield {**part, "video_metadata": seen} if seen else part

    def _code(self, block: Data, path: str) -> Iterator[Data]:
        if self.from_gemini and block["name"] == CODE:
            given = block["args"]
            language = str(given.get("language") or "python").upper()
            yield {"executable_code": {"language": language, "code": given.get("code", "")}}

    def _code_result(self, block: Data, path: str) -> Iterator[Data]:
        if self.from_gemini:
            outcome = "OUTCOME_OK" if block["status"] == "success" else "OUTCOME_FAILED"
            output = str(block.get("output") or "")
            yield {"code_execution_result": {"outcome": outcome, "output": output}}

    def _other(self, block: Data, path: str) -> Iterator[Data]:
        value: Data = block["value"]
        kind = value.get("type")
        if kind is None:
            yield value  # a part in the words of the API; if it is none, the request says so
            return
        read = _OTHERS.get(kind) or _READERS.get(kind)
        if read is None:
            raise FieldError(
                f"{path}: Gemini has no block of type {kind!r}; expected one of the standard blocks of "
                "LangChain, or a part of Gemini"
            )
        yield from read(self, value, path)

    def _old_media(self, value: Data, path: str) -> Iterator[Data]:
        data, mime_type = value.get("data"), value.get("mime_type")
        if isinstance(data, bytes):
            yield {"inline_data": {"mime_type": mime_type, "data": data}}
        else:
            where = {"base64": data, "url": value.get("file_uri")}
            yield from self._media({"mime_type": mime_type, **where}, path)

    def _bare_link(self, value: Data, path: str) -> Iterator[Data]:
        yield from self._media({"url": value["image_url"]}, path)

    def _foreign_thought(self, value: Data, path: str) -> Iterator[Data]:
        yield from self._thought({"reasoning": value.get("thinking", "")}, path)

    def _nothing(self, block: Data, path: str) -> Iterator[Data]:
        yield from ()

    def _signature(self, block: Data) -> object:
        return block.get("extras", {}).get("signature") if self.from_gemini else None


_READERS: Mapping[str, Callable[[Reader, Any, str], Iterator[Data]]] = {
    "text": Reader._text,
    "text-plain": Reader._plain_text,
    "reasoning": Reader._thought,
    "image": Reader._media,
    "audio": Reader._media,
    "video": Reader._media,
    "file": Reader._media,
    "server_tool_call": Reader._code,
    "server_tool_result": Reader._code_result,
    "non_standard": Reader._other,
    "tool_call": Reader._nothing,
    "tool_call_chunk": Reader._nothing,
    "invalid_tool_call": Reader._nothing,
}
"""How each kind of block is read."""


_OTHERS: Mapping[str, Callable[[Reader, Any, str], Iterator[Data]]] = {
    "media": Reader._old_media,
    "image_url": Reader._bare_link,
    "thinking": Reader._foreign_thought,
    "redacted_thinking": Reader._nothing,
    "tool_use": Reader._nothing,
    "function_call": Reader._nothing,
    "input_json_delta": Reader._nothing,
}
"""How blocks that are not standard are read: of LangChain's packages for Gemini, and of other models."""


def _decoded(coded: object, path: str) -> bytes:
    try:
        return base64.b64decode(coded, validate=True)  # type: ignore[arg-type]  # what is no text is the error
    except (binascii.Error, TypeError, ValueError) as error:
        raise ArgumentError(f"{path}: the data is not base64: {error}") from error
