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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import grpc

from gemini_grpc import errors
from gemini_grpc.rpc import http_failure
from gemini_grpc.rpc.attempts import Attempts
from gemini_grpc.rpc.http import is_same_origin
from gemini_grpc.rpc.policy import DEFAULT, Default, RetryPolicy, settled

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemini_grpc.generative.request_options import CallOptions
    from gemini_grpc.rpc.http import Answer
    from gemini_grpc.rpc.metadata import Metadata
    from gemini_grpc.rpc.options import Settings

CHUNK = 8 << 20
"""The bytes of a chunk, rounded up to the granularity of the server."""

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

    url: str
    headers: Mapping[str, str]
    """The headers, without credentials."""
    body: bytes
    is_trusted: bool
    """Credentials may go there."""


class Upload:
    """One upload. Ask what it `wants`, build the `request` with it, and let it `receive` the answer."""

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
        self._may_be_finished = False

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

    def receive(self, answer: Answer) -> None:
        """Take in the answer to the last request.

        Raises:
            RpcError: It refuses the request. If it is tried again, `request` gives what comes then.
        """
        state = answer.headers.get(_STATUS, "").lower()
        if not answer.is_good:
            self._refused(answer, state)
        elif self.phase == "start":
            self._started(answer)
        elif state == "final" or (not state and self._finds_file(answer)):
            self._finished(answer)
        elif state == "cancelled":
            self._lose("has been cancelled")
        else:
            self._go_on(answer)

    def found(self, found: bool) -> None:
        """Note whether there is a file of that name after all."""
        if found:
            self.phase = "done"
        else:
            self._restart()

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

    def _started(self, answer: Answer) -> None:
        url = answer.headers.get("x-goog-upload-url", "")
        secure = self._root.startswith("https:")
        if not url.startswith("https:" if secure else ("http:", "https:")):
            raise errors.make(
                grpc.StatusCode.INTERNAL, "the server has opened no session of a resumable upload"
            )
        granularity = max(1, _number(answer, "x-goog-upload-chunk-granularity", 1))
        self._chunk = -(-CHUNK // granularity) * granularity
        self._url = url
        self.phase = "send"

    def _go_on(self, answer: Answer) -> None:
        """Send on from where the server says it is, or else from where the last chunk ended."""
        reached = self._end if self.phase == "send" else 0
        reached = _number(answer, "x-goog-upload-size-received", reached)
        if reached > self._most:
            raise errors.make(
                grpc.StatusCode.INTERNAL,
                f"the server says it has {reached:,} bytes, of {self._most:,} that have been sent",
            )
        is_stuck = self.phase == "send" and reached <= self.offset
        self.offset = reached
        self.best = max(self.best, reached)
        self.phase = "query" if is_stuck else "send"
        if is_stuck:
            said = f"the server has taken nothing of what begins at byte {reached:,}"
            raise errors.make(grpc.StatusCode.UNAVAILABLE, said)

    def _finished(self, answer: Answer) -> None:
        found = self._finds_file(answer)
        self.phase = "done" if found else "look"
        self.result = found
        self.best = self.size or self.best

    def _finds_file(self, answer: Answer) -> dict[str, Any] | None:
        try:
            body = json.loads(answer.body)
        except ValueError:
            return None
        file = body.get("file") if isinstance(body, dict) else None
        return file if isinstance(file, dict) and file.get("name") else None

    def _refused(self, answer: Answer, state: str) -> None:
        error = http_failure.from_answer(answer)
        if self.phase == "start" or state == "final":
            raise error
        unknown = not state and answer.status in _MISPLACED
        if answer.status in _GONE or state == "cancelled" or (unknown and self.phase == "query"):
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
        self._may_be_finished = False


class Retries:
    """Whether an upload is tried again: so often without progress, and until its deadline."""

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
            best: How far the upload has ever come; if that is further than before, counting begins anew.

        Raises:
            RpcError: There is no other try: the error itself, or that the time is over.
        """
        if best > self._best:
            self._best, self._attempts = best, self._fresh()
        error.attempts = self._attempts.number
        pause = self._attempts.next_pause(error)
        if pause is not None:
            return pause
        if self.left == 0 and not isinstance(error, errors.DeadlineExceeded):
            late = self.late()
            late.method, late.endpoint, late.attempts = error.method, error.endpoint, error.attempts
            raise late from error
        raise error

    def late(self) -> errors.RpcError:
        """Return the error of an upload whose time is over."""
        said = f"the upload took longer than {self._timeout:g} s"
        return errors.make(grpc.StatusCode.DEADLINE_EXCEEDED, said)

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


def _number(answer: Answer, header: str, default: int) -> int:
    text = answer.headers.get(header, "").strip()
    return int(text) if text.isdigit() else default
