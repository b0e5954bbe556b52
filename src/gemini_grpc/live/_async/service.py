"""Begin live sessions over the channel of a client."""

from __future__ import annotations

import dataclasses
import importlib
import math
import threading
import weakref
from typing import TYPE_CHECKING, Any

from gemini_grpc import checks
from gemini_grpc.keywords import explain_keywords
from gemini_grpc.live._async.engine import AsyncEngine
from gemini_grpc.live._async.feed import AsyncFeed
from gemini_grpc.live._async.session import AsyncLiveSession
from gemini_grpc.live.clock import AsyncClock
from gemini_grpc.live.config import Inbox, LiveConfig, Outbox, Resume
from gemini_grpc.live.observing import watch_session, watched
from gemini_grpc.live.protocol import LiveProtocol
from gemini_grpc.live.tools import Toolbox
from gemini_grpc.rpc._async.connection import AsyncConnection
from gemini_grpc.rpc.shared import Shared

if TYPE_CHECKING:
    from gemini_grpc.live.clock import TimeSource
    from gemini_grpc.rpc._async.channel import AsyncChannel

KEEPALIVE = 60.0
"""Seconds between the pings of a connection for sessions, so that a dead peer is noticed."""


class AsyncLive(Shared):
    """Begins live sessions. They have a connection of their own, apart from other calls."""

    def __init__(
        self, channel: AsyncChannel, *, version: str = "v1beta", clock: TimeSource | None = None
    ) -> None:
        """Use the settings and credentials of a channel; `version` is v1alpha or v1beta."""
        settings = channel.settings
        keepalive = settings.keepalive or KEEPALIVE
        self._channel = channel
        self._version = version
        self._clock = clock or AsyncClock()
        self._connection = AsyncConnection(
            dataclasses.replace(settings, keepalive=keepalive), channel.ready
        )
        self._lock = threading.Lock()
        self._sessions: weakref.WeakSet[AsyncLiveSession] = weakref.WeakSet()
        table: Any = importlib.import_module(f"gemini_grpc.{version}.methods")
        self._method = table.GenerativeService.BIDI_GENERATE_CONTENT

    @explain_keywords
    def connect(
        self,
        model: str,
        *,
        config: LiveConfig | None = None,
        tools: object = (),
        resume: Resume | None = Resume(),  # noqa: B008  # a frozen value
        outbox: Outbox = Outbox(),  # noqa: B008
        inbox: Inbox = Inbox(),  # noqa: B008
        setup_timeout: float = 10.0,
        idle_timeout: float | None = None,
    ) -> AsyncLiveSession:
        """Return a session to be used in a `with` statement, which connects.

        Args:
            model: The model, as `models/{model}` or its bare name.
            config: What is asked of the model.
            tools: Functions the model may call: callables, `Tool`s and `Function`s, which the session
                runs and answers; declarations, which the caller answers with `send_tool_result`. Other
                tools by name (`google_search`), as a message or a mapping. One of these or several.
            resume: How the session survives the end of a connection; None to end with the first.
            outbox: How much may wait to be sent.
            inbox: How much may wait to be taken.
            setup_timeout: Seconds until the server must have accepted the setup.
            idle_timeout: Seconds of silence of the server that end a connection; None for any.

        Raises:
            UnsupportedFeature: The version or the model does not have what is asked for.
            ArgumentError, FieldError: The arguments do not make a session.
        """
        checks.instance("config", config, LiveConfig, optional=True)
        checks.instance("resume", resume, Resume, optional=True)
        checks.instance("outbox", outbox, Outbox)
        checks.instance("inbox", inbox, Inbox)
        _check_timeouts(setup_timeout, idle_timeout)
        toolbox = Toolbox(tools)
        protocol = LiveProtocol(
            model,
            config or LiveConfig(),
            version=self._version,
            declarations=toolbox.declarations(),
            tools=toolbox.others,
            handle=resume.handle if resume else "",
            resumable=resume is not None,
        )
        toolbox.check(protocol)
        feed = AsyncFeed(inbox)
        engine = AsyncEngine(
            self._dial,
            protocol,
            feed=feed,
            toolbox=toolbox,
            outbox=outbox,
            resume=resume,
            clock=self._clock,
            setup_timeout=setup_timeout,
            idle_timeout=idle_timeout,
            watch=watch_session(self._channel.settings.observers, model, self._channel.host),
        )
        return self._keep(AsyncLiveSession(engine, feed))

    def _keep(self, session: AsyncLiveSession) -> AsyncLiveSession:
        with self._lock:
            self._sessions.add(session)
        return session

    async def _dial(self, timeout: float) -> tuple[Any, tuple[Any, ...]]:
        limit = timeout if timeout < math.inf else None
        metadata = await self._channel.metadata(self._method, limit)
        start = self._connection.callable(self._method)
        channel = self._channel
        return watched(start, channel.settings.observers, self._method.path, channel.host), metadata

    async def close(self) -> None:
        """End the sessions that are open, and close their connection."""
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            await session.end()
        await self._connection.close()


def _check_timeouts(setup_timeout: float, idle_timeout: float | None) -> None:
    checks.seconds("setup_timeout", setup_timeout, positive=True, endless=True)
    checks.seconds("idle_timeout", idle_timeout, positive=True, optional=True, endless=True)
