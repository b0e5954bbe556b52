"""Live sessions: a conversation with a model over one bidirectional stream.

Public names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc._lazy import attach

if TYPE_CHECKING:
    from gemini_grpc.live import audio as audio
    from gemini_grpc.live._async.service import AsyncLive as AsyncLive
    from gemini_grpc.live._async.session import AsyncLiveSession as AsyncLiveSession
    from gemini_grpc.live._async.tap import AsyncTap as AsyncTap
    from gemini_grpc.live._sync.service import Live as Live
    from gemini_grpc.live._sync.session import LiveSession as LiveSession
    from gemini_grpc.live._sync.tap import Tap as Tap
    from gemini_grpc.live.clock import TimeSource as TimeSource
    from gemini_grpc.live.config import Inbox as Inbox
    from gemini_grpc.live.config import LiveConfig as LiveConfig
    from gemini_grpc.live.config import Outbox as Outbox
    from gemini_grpc.live.config import Resume as Resume
    from gemini_grpc.live.errors import ConnectionLost as ConnectionLost
    from gemini_grpc.live.errors import ForkedProcess as ForkedProcess
    from gemini_grpc.live.errors import LiveError as LiveError
    from gemini_grpc.live.errors import LoopMismatch as LoopMismatch
    from gemini_grpc.live.errors import MalformedMessage as MalformedMessage
    from gemini_grpc.live.errors import MessageTooLarge as MessageTooLarge
    from gemini_grpc.live.errors import QuotaExceeded as QuotaExceeded
    from gemini_grpc.live.errors import ResumeFailed as ResumeFailed
    from gemini_grpc.live.errors import SendQueueFull as SendQueueFull
    from gemini_grpc.live.errors import SessionClosed as SessionClosed
    from gemini_grpc.live.errors import SetupRejected as SetupRejected
    from gemini_grpc.live.errors import SetupTimeout as SetupTimeout
    from gemini_grpc.live.errors import StateError as StateError
    from gemini_grpc.live.errors import UnsupportedFeature as UnsupportedFeature
    from gemini_grpc.live.events import AudioOut as AudioOut
    from gemini_grpc.live.events import Event as Event
    from gemini_grpc.live.events import GenerationComplete as GenerationComplete
    from gemini_grpc.live.events import GoingAway as GoingAway
    from gemini_grpc.live.events import Grounding as Grounding
    from gemini_grpc.live.events import Interrupted as Interrupted
    from gemini_grpc.live.events import Opened as Opened
    from gemini_grpc.live.events import PartOut as PartOut
    from gemini_grpc.live.events import Reconnected as Reconnected
    from gemini_grpc.live.events import Reconnecting as Reconnecting
    from gemini_grpc.live.events import ResumptionUpdate as ResumptionUpdate
    from gemini_grpc.live.events import TextOut as TextOut
    from gemini_grpc.live.events import ToolCall as ToolCall
    from gemini_grpc.live.events import ToolCallCancelled as ToolCallCancelled
    from gemini_grpc.live.events import ToolResult as ToolResult
    from gemini_grpc.live.events import Transcript as Transcript
    from gemini_grpc.live.events import TurnEnd as TurnEnd
    from gemini_grpc.live.events import Unknown as Unknown
    from gemini_grpc.live.events import Usage as Usage
    from gemini_grpc.live.events import UsageReport as UsageReport
    from gemini_grpc.live.outgoing import Outgoing as Outgoing
    from gemini_grpc.live.tools import Tool as Tool
    from gemini_grpc.live.turn import Turn as Turn

__all__ = [
    "AsyncLive",
    "AsyncLiveSession",
    "AsyncTap",
    "AudioOut",
    "ConnectionLost",
    "Event",
    "ForkedProcess",
    "GenerationComplete",
    "GoingAway",
    "Grounding",
    "Inbox",
    "Interrupted",
    "Live",
    "LiveConfig",
    "LiveError",
    "LiveSession",
    "LoopMismatch",
    "MalformedMessage",
    "MessageTooLarge",
    "Opened",
    "Outbox",
    "Outgoing",
    "PartOut",
    "QuotaExceeded",
    "Reconnected",
    "Reconnecting",
    "Resume",
    "ResumeFailed",
    "ResumptionUpdate",
    "SendQueueFull",
    "SessionClosed",
    "SetupRejected",
    "SetupTimeout",
    "StateError",
    "Tap",
    "TextOut",
    "TimeSource",
    "Tool",
    "ToolCall",
    "ToolCallCancelled",
    "ToolResult",
    "Transcript",
    "Turn",
    "TurnEnd",
    "Unknown",
    "UnsupportedFeature",
    "Usage",
    "UsageReport",
    "audio",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "AsyncLive": "._async.service",
        "AsyncLiveSession": "._async.session",
        "AsyncTap": "._async.tap",
        "AudioOut": ".events",
        "ConnectionLost": ".errors",
        "Event": ".events",
        "ForkedProcess": ".errors",
        "GenerationComplete": ".events",
        "GoingAway": ".events",
        "Grounding": ".events",
        "Inbox": ".config",
        "Interrupted": ".events",
        "Live": "._sync.service",
        "LiveConfig": ".config",
        "LiveError": ".errors",
        "LiveSession": "._sync.session",
        "LoopMismatch": ".errors",
        "MalformedMessage": ".errors",
        "MessageTooLarge": ".errors",
        "Opened": ".events",
        "Outbox": ".config",
        "Outgoing": ".outgoing",
        "PartOut": ".events",
        "QuotaExceeded": ".errors",
        "Reconnected": ".events",
        "Reconnecting": ".events",
        "Resume": ".config",
        "ResumeFailed": ".errors",
        "ResumptionUpdate": ".events",
        "SendQueueFull": ".errors",
        "SessionClosed": ".errors",
        "SetupRejected": ".errors",
        "SetupTimeout": ".errors",
        "StateError": ".errors",
        "Tap": "._sync.tap",
        "TextOut": ".events",
        "TimeSource": ".clock",
        "Tool": ".tools",
        "ToolCall": ".events",
        "ToolCallCancelled": ".events",
        "ToolResult": ".events",
        "Transcript": ".events",
        "Turn": ".turn",
        "TurnEnd": ".events",
        "Unknown": ".events",
        "UnsupportedFeature": ".errors",
        "Usage": ".events",
        "UsageReport": ".events",
        "audio": ".audio",
    },
)
