"""A resumable upload as decisions: what is sent next, and what an answer means. No I/O, no clock.

The protocol is Google's (`X-Goog-Upload-Protocol: resumable`): `start` opens a session and gives its URL,
`upload` sends a chunk at an offset, `upload, finalize` the last one, `query` asks how much has arrived,
`cancel` ends it. What follows from a failure:

- Whenever it is not known what has arrived, the server is asked; sending goes on from there.
- A session that is gone begins anew. If it may have been finished before it went, the file is looked for
  first, by its name: the name is always chosen here if not by the user, so that a file cannot arrive twice.
"""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import grpc

from gemini_grpc import errors
from gemini_grpc.http.url import is_same_origin, origin
from gemini_grpc.rpc import http_status
from gemini_grpc.rpc.attempts import Attempts
from gemini_grpc.rpc.policy import DEFAULT, Default, RetryPolicy, settled

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemini_grpc.generative.request_options import CallOptions
    from gemini_grpc.http.message import Response
    from gemini_grpc.rpc.metadata import Metadata
    from gemini_grpc.rpc.options import Settings

CHUNK = 8 << 20
"""The bytes of a chunk, rounded up to the granularity of the server."""

_LARGEST_GRANULARITY = 64 << 20
"""Bytes; a chunk is held in memory."""

POLICY = RetryPolicy(
    codes=frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED})
)
"""How an upload is tried again if nobody says otherwise; it can always go on where it was."""

Phase = Literal["start", "send", "query", "look", "done"]

_STATUS = "x-goog-upload-status"
_GONE = frozenset({404, 410})
_MISPLACED = frozenset({400, 409, 412, 416})
"""The statuses of a chunk that does not begin where the server is, or comes after the end."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_LETTERS = string.ascii_lowercase + string.digits
_LONGEST_DISPLAY_NAME = 512


@dataclass(frozen=True, slots=True)
class Request:
    """One request: always a POST."""

    url: str = field(repr=False)  # what it holds is all that is needed to write into the upload
    headers: Mapping[str, str]
    """The headers, without credentials."""
    body: bytes = field(repr=False)
    is_trusted: bool
    """Credentials may go there."""


class Upload:
    """One upload. Ask what it `wants`, build the `request` with it, and let it `receive` the response."""

    def __init__(
        self,
        root: str,
        path: str,
        file: Mapping[str, str],
        *,
        size: int | None,
        mime_type: str,
    ) -> None:
        """Prepare.

        Args:
            root: The root of the server's URLs.
            path: Where uploads begin.
            file: What the server is told about the file, as JSON has it.
            size: The bytes of the file; None if only the end will tell.
            mime_type: What it is.
        """
        self._root = root
        self._url = self._begin = root + path
        self._file = file
        self._mime_type = mime_type
        self.size = size
        """The bytes of the file, None until they are known."""
        self.phase: Phase = "start"
        """What comes next; `look` is to look for the file by its name."""
        self.offset = 0
        """Where sending goes on."""
        self.best = 0
        """The most bytes that have ever been known to have arrived: tells progress."""
        self.result: dict[str, Any] | None = None
        """The file, as JSON has it; None if it had to be looked for."""
        self._chunk = CHUNK
        self._end = self._most = 0  # where the last chunk ends, and where the farthest does
        self._may_be_finished = self._was_final = False

    @property
    def session(self) -> str:
        """The URL of the session, empty if there is none."""
        return "" if self.phase in {"start", "done"} else self._url

    @property
    def wants(self) -> tuple[int, int] | None:
        """The offset and number of the bytes that the next request carries; None for none."""
        return (self.offset, self._chunk) if self.phase == "send" else None

    def request(self, data: bytes = b"") -> Request:
        """Return the next request, which carries the bytes that were wanted."""
        if self.phase == "start":
            return self._start()
        if self.phase == "query":
            return self._make("query")
        self._end = self.offset + len(data)
        self._most = max(self._most, self._end)
        is_last = len(data) < self._chunk or self._end == self.size
        if is_last:
            self._may_be_finished = True
            self.size = self._end
        command = ("upload, finalize" if data else "finalize") if is_last else "upload"
        return self._make(command, data)

    def cancel(self) -> Request:
        """Return the request that ends the session."""
        return self._make("cancel")

    def interrupted(self) -> None:
        """Note that a request got no answer: the server has to be asked what it has."""
        if self.phase == "send":
            self.phase = "query"

    def receive(self, response: Response) -> None:
        """Take in the answer to the last request.

        Raises:
            RpcError: It refuses the request. If it is tried again, `request` gives what comes then.
        """
        state = response.headers.get(_STATUS, "").lower()
        if not response.is_success:
            self._refused(response, state)
        elif self.phase == "start":
            self._started(response)
        elif state == "final" or (not state and self._find_file(response)):
            self._finished(response)
        elif state == "cancelled":
            self._lose("has been cancelled")
        else:
            self._go_on(response)

    def found(self, found: bool) -> None:
        """Note whether there is a file of that name after all.

        Raises:
            Unavailable: There is none, although the server said that the upload is final. If it is tried
                again, it starts again.
        """
        if found:
            self.phase = "done"
            return
        was_final = self._was_final
        self._restart()
        if was_final:
            text = "the server said that the upload is final, and there is no file"
            raise errors.make(grpc.StatusCode.UNAVAILABLE, text)

    def _start(self) -> Request:
        headers = {
            "x-goog-upload-protocol": "resumable",
            "x-goog-upload-command": "start",
            "x-goog-upload-header-content-type": self._mime_type,
            "content-type": "application/json",
        }
        if self.size is not None:
            headers["x-goog-upload-header-content-length"] = str(self.size)
        body = json.dumps({"file": self._file}).encode()
        return Request(self._begin, headers, body, is_trusted=True)

    def _make(self, command: str, data: bytes = b"") -> Request:
        headers = {"x-goog-upload-command": command}
        if command in {"upload", "finalize", "upload, finalize"}:
            headers["x-goog-upload-offset"] = str(self.offset)
        return Request(self._url, headers, data, is_trusted=is_same_origin(self._url, self._root))

    def _started(self, response: Response) -> None:
        url = response.headers.get("x-goog-upload-url", "")
        found = origin(url)
        if found is None or (self._root.startswith("https:") and found[0] != "https"):
            raise errors.make(
                grpc.StatusCode.INTERNAL, "the server has opened no session of a resumable upload"
            )
        granularity = response.number("x-goog-upload-chunk-granularity") or 1
        if granularity > _LARGEST_GRANULARITY:
            raise errors.make(
                grpc.StatusCode.INTERNAL,
                f"the server wants chunks of {granularity:,} bytes, more than {_LARGEST_GRANULARITY:,}",
            )
        self._chunk = -(-CHUNK // granularity) * granularity
        self._url = url
        self.phase = "send"

    def _go_on(self, response: Response) -> None:
        """Send on from where the server says it is, or else from where the last chunk ended."""
        is_sending = self.phase == "send"
        reached = response.number("x-goog-upload-size-received")
        if reached is None:
            reached = self._end if is_sending else 0
        if reached > self._most:
            raise errors.make(
                grpc.StatusCode.INTERNAL,
                f"the server says it has {reached:,} bytes, of {self._most:,} that have been sent",
            )
        is_stuck = is_sending and reached <= self.offset
        self.offset = reached
        self.best = max(self.best, reached)
        self.phase = "query" if is_stuck else "send"
        if is_stuck or (is_sending and reached < self._end):
            taken = "nothing" if is_stuck else "only a part"
            text = f"the server has taken {taken} of a chunk, and is at byte {reached:,}"
            raise errors.make(grpc.StatusCode.UNAVAILABLE, text)

    def _finished(self, response: Response) -> None:
        if not self._may_be_finished:
            text = f"the server ended the upload at byte {self._end:,}, before the end of the file"
            raise errors.make(grpc.StatusCode.INTERNAL, text)
        self._was_final = True
        found = self._find_file(response)
        self.phase = "done" if found else "look"
        self.result = found
        self.best = self.size or self.best

    def reject_result(self) -> None:
        """Note that the file in the last response cannot be read: the file is looked for by its name."""
        self.phase, self.result = "look", None

    def _find_file(self, response: Response) -> dict[str, Any] | None:
        body = response.json()
        file = body.get("file") if isinstance(body, dict) else None
        return file if isinstance(file, dict) and file.get("name") else None

    def _refused(self, response: Response, state: str) -> None:
        error = http_status.from_response(response)
        if self.phase == "start" or state == "final":
            raise error
        unknown = not state and response.status in _MISPLACED
        if response.status in _GONE or state == "cancelled" or (unknown and self.phase == "query"):
            self._lose(f"is gone: {error.message}")
        self.interrupted()
        if state == "active" or unknown:
            said = f"the server does not take bytes at {self.offset:,}: {error.message}"
            raise errors.make(grpc.StatusCode.UNAVAILABLE, said)
        raise error

    def _lose(self, why: str) -> None:
        """Give the session up."""
        if self._may_be_finished:
            self.phase = "look"
        else:
            self._restart()
        raise errors.make(grpc.StatusCode.UNAVAILABLE, f"the session of the upload {why}")

    def _restart(self) -> None:
        self.phase, self.offset, self._end = "start", 0, 0
        self._may_be_finished = self._was_final = False


class Retries:
    """Decides whether an upload or download is tried again, and keeps its deadline."""

    def __init__(
        self,
        retry: RetryPolicy | Default | None,
        timeout: float | None,
        *,
        clock: Callable[[], float],
    ) -> None:
        """Fix the deadline, from now."""
        self._policy = POLICY if retry is DEFAULT else retry
        self._timeout = timeout
        self._clock = clock
        self._started = clock()
        self._best = 0
        self._attempts = self._fresh()

    @classmethod
    def of(
        cls, options: CallOptions, settings: Settings, *, clock: Callable[[], float]
    ) -> tuple[Retries, Metadata]:
        """Return what the options of a call say, and its metadata.

        Without a timeout there is no limit: how long a file takes depends on its size.
        """
        timeout, retry, metadata = options
        policy, timeout = settled(retry, timeout)
        if policy is DEFAULT:
            policy, _ = settled(settings.retry, None)
        seconds = None if isinstance(timeout, Default) else timeout
        return cls(policy, seconds, clock=clock), metadata

    @property
    def left(self) -> float | None:
        """The seconds that are left; None without a deadline."""
        return self._attempts.remaining()

    def pause(self, error: errors.RpcError, best: int) -> float:
        """Return the seconds to wait before another try.

        Args:
            error: What went wrong.
            best: How far the transfer has ever come. If that is further than before by an eighth of a chunk,
                counting begins anew: a server that takes a byte at a time is not asked for ever.

        Raises:
            RpcError: There is no other try: the error itself, or that the time is over.
        """
        if best - self._best >= CHUNK // 8:
            self._best, self._attempts = best, self._fresh()
        error.attempts = self._attempts.number
        pause = self._attempts.next_pause(error)
        if pause is not None:
            return pause
        is_late = self.left == 0 or isinstance(error, errors.DeadlineExceeded)
        if is_late and self._timeout is not None:
            late = self.late()
            late.method, late.endpoint, late.attempts = error.method, error.endpoint, error.attempts
            raise late from error
        raise error

    def late(self) -> errors.RpcError:
        """Return the error of a transfer whose time is over."""
        text = f"the transfer took longer than {self._timeout:g} s"
        return errors.make(grpc.StatusCode.DEADLINE_EXCEEDED, text)

    def _fresh(self) -> Attempts:
        assert self._policy is None or isinstance(self._policy, RetryPolicy)
        return Attempts(
            self._policy,
            self._timeout,
            repeatable=True,
            started=self._started,
            clock=self._clock,
        )


def describe(name: object, display_name: object) -> dict[str, str]:
    """Return what the server is told about a file, as JSON has it; without a name one is made up.

    Raises:
        ArgumentError: The name or the display name cannot be one.
    """
    told = {"name": f"files/{_id(name)}"}
    if display_name is None or display_name == "":
        return told
    if not isinstance(display_name, str) or len(display_name) > _LONGEST_DISPLAY_NAME:
        raise errors.ArgumentError(
            f"display_name is {display_name!r:.80}; expected at most {_LONGEST_DISPLAY_NAME} characters"
        )
    return {**told, "displayName": display_name}


def _id(name: object) -> str:
    if name is None:
        return "".join(secrets.choice(_LETTERS) for _ in range(12))
    bare = name.removeprefix("files/") if isinstance(name, str) else ""
    if not _NAME.fullmatch(bare):
        raise errors.ArgumentError(
            f"name is {name!r}; expected 1 to 40 lower-case letters, digits and dashes, without a dash "
            "at either end, with or without files/ in front"
        )
    return bare
