"""What errors are, what they carry, and who catches them."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.api_core import exceptions
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Fault
from gemini_grpc.rpc import failure

if TYPE_CHECKING:
    from tests.colours import Sync

MODEL = "models/gemini-3.8-flash"
CONTENTS = [{"parts": [{"text": "a private prompt"}]}]
CODES = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]


# the tree


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_class_named_after_it(code: grpc.StatusCode) -> None:
    cls = errors.CLASSES[code]
    assert cls.__name__ == "".join(word.title() for word in code.name.split("_"))
    assert cls.code is code
    assert issubclass(cls, errors.RpcError)
    assert cls.__name__ in errors.__all__
    assert type(errors.make(code, "text")).__mro__.index(cls) <= 1


@pytest.mark.parametrize(
    ("cls", "parents"),
    [
        (errors.ArgumentError, (errors.UsageError, ValueError)),
        (errors.FieldError, (errors.UsageError, TypeError, ValueError)),
        (errors.CredentialsError, (errors.UsageError,)),
        (errors.ClosedError, (errors.UsageError, RuntimeError)),
        (errors.TlsError, (errors.Unavailable,)),
        (errors.RpcError, (errors.GeminiError,)),
        (errors.UsageError, (errors.GeminiError,)),
    ],
)
def test_the_tree_is_as_it_is_drawn(cls: type, parents: tuple[type, ...]) -> None:
    for parent in parents:
        assert issubclass(cls, parent)
    assert cls.__name__ in (errors.__doc__ or "")


def test_every_error_is_in_the_drawing_and_exported() -> None:
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, errors.GeminiError):
            assert name in (errors.__doc__ or "")
            assert name in errors.__all__


# what they carry

INFO = error_details_pb2.ErrorInfo(
    reason="API_KEY_SERVICE_BLOCKED", domain="googleapis.com", metadata={"service": "x"}
)
QUOTA = error_details_pb2.QuotaFailure(violations=[{"subject": "project:1"}])
BAD = error_details_pb2.BadRequest(
    field_violations=[{"field": "contents[0]", "description": "is empty"}]
)
HELP = error_details_pb2.Help(links=[{"url": "https://example.com", "description": "more"}])
DETAILS = [
    INFO,
    QUOTA,
    BAD,
    HELP,
    error_details_pb2.PreconditionFailure(violations=[{"type": "TOS"}]),
    error_details_pb2.ResourceInfo(resource_name="models/x"),
    error_details_pb2.RequestInfo(request_id="1"),
    error_details_pb2.LocalizedMessage(locale="en", message="text"),
    error_details_pb2.DebugInfo(detail="trace"),
]


def asked(colour: Sync, client: Any, **more: Any) -> errors.RpcError:
    with pytest.raises(errors.RpcError) as caught:
        colour.call(client.generate_content, model=MODEL, contents=CONTENTS, retry=None, **more)
    return caught.value


def test_details_are_decoded(colour: Sync, connect: Callable[..., Any], emulator: Emulator) -> None:
    fault = Fault("INVALID_ARGUMENT", "wrong", details=DETAILS, retry_after=1.5)
    emulator.script("GenerateContent", [fault])
    error = asked(colour, connect(emulator))
    assert type(error).__name__ == "InvalidArgument"
    assert list(error.details[:-1]) == DETAILS
    assert (error.reason, error.domain) == ("API_KEY_SERVICE_BLOCKED", "googleapis.com")
    assert error.retry_after == 1.5
    assert error.message == "wrong"
    assert error.attempts == 1
    assert error.method == "/google.ai.generativelanguage.v1beta.GenerativeService/GenerateContent"
    assert error.endpoint == emulator.target
    assert "contents[0]: is empty" in str(error)
    assert str(error).startswith("INVALID_ARGUMENT (GenerateContent): wrong")
    assert fault.fired == 1


def test_trailers_are_kept(colour: Sync, connect: Callable[..., Any], emulator: Emulator) -> None:
    trailers: dict[str, str | bytes] = {"x-more": "text", "x-more-bin": b"\x00\xff"}
    emulator.script("GenerateContent", [Fault("ABORTED", trailers=trailers)])
    found = dict(asked(colour, connect(emulator)).metadata)
    assert (found["x-more"], found["x-more-bin"]) == ("text", b"\x00\xff")


def test_without_details_there_is_nothing(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("GenerateContent", [Fault("ABORTED", "text")])
    error = asked(colour, connect(emulator))
    assert error.details == ()
    assert (error.reason, error.domain, error.retry_after, error.advice) == ("", "", None, "")
    assert str(error) == "ABORTED (GenerateContent): text"


def test_details_that_are_garbage_hide_nothing(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    trailers: dict[str, str | bytes] = {"grpc-status-details-bin": b"\xff\xff\xff"}
    emulator.script("GenerateContent", [Fault("ABORTED", "text", trailers=trailers)])
    error = asked(colour, connect(emulator))
    assert (error.message, error.details) == ("text", ())


@pytest.mark.parametrize("data", [b"", b"\xff\xff\xff"])
def test_details_of_unknown_and_broken_types_hide_nothing(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, data: bytes
) -> None:
    unknown = any_pb2.Any(type_url="type.googleapis.com/x.Unknown", value=b"abc")
    broken = any_pb2.Any(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=data)
    status = status_pb2.Status(code=10, message="text", details=[unknown, broken])
    trailers: dict[str, str | bytes] = {"grpc-status-details-bin": status.SerializeToString()}
    emulator.script("GenerateContent", [Fault("ABORTED", "text", trailers=trailers)])
    error = asked(colour, connect(emulator))
    assert type(error).__name__ == "Aborted"
    assert error.message == "text"
    if data == b"":
        assert list(error.details) == [unknown, error_details_pb2.ErrorInfo()]


@pytest.mark.parametrize(
    ("metadata", "delay", "expected"),
    [
        ((), None, None),
        ((), 1.25, 1.25),
        ((("grpc-retry-pushback-ms", "250"),), None, 0.25),
        ((("grpc-retry-pushback-ms", "0"),), 9.0, 0.0),
        ((("grpc-retry-pushback-ms", b"250"),), 9.0, 0.25),
        ((("grpc-retry-pushback-ms", "-1"),), 9.0, -1.0),
        ((("grpc-retry-pushback-ms", "soon"),), None, -1.0),
        ((("grpc-retry-pushback-ms", ""),), None, -1.0),
        ((("grpc-retry-pushback-ms", "1.5"),), None, -1.0),
    ],
)
def test_when_to_try_again(
    metadata: tuple[tuple[str, str | bytes], ...], delay: float | None, expected: float | None
) -> None:
    details = []
    if delay is not None:
        duration = duration_pb2.Duration()
        duration.FromNanoseconds(round(delay * 1e9))
        details.append(error_details_pb2.RetryInfo(retry_delay=duration))
    assert errors.Unavailable("x", details=details, metadata=metadata).retry_after == expected


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            Fault("PERMISSION_DENIED", details=[INFO]),
            ["Generative Language API", "restrictions of the key"],
        ),
        (
            Fault(
                "INVALID_ARGUMENT", details=[{"@type": "ErrorInfo", "reason": "API_KEY_INVALID"}]
            ),
            ["The API key is not valid"],
        ),
        (
            Fault(
                "PERMISSION_DENIED", details=[{"@type": "ErrorInfo", "reason": "SERVICE_DISABLED"}]
            ),
            ["enable it in the Cloud console"],
        ),
        (Fault("RESOURCE_EXHAUSTED", retry_after=12.5), ["wait 12.5 s"]),
        (
            Fault(
                "RESOURCE_EXHAUSTED",
                retry_after=1.0,
                details=[{"@type": "QuotaFailure", "violations": [{"quotaId": "XPerDayY"}]}],
            ),
            ["quota of the day"],
        ),
        (
            Fault(
                "INVALID_ARGUMENT",
                "Request payload size exceeds the limit: 20971520 bytes.",
            ),
            ["as files"],
        ),
    ],
    ids=["blocked", "invalid", "disabled", "quota", "day", "payload"],
)
def test_messages_say_what_to_do(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, fault: Fault, words: list[str]
) -> None:
    emulator.script("GenerateContent", [fault])
    error = asked(colour, connect(emulator))
    for word in words:
        assert word in error.advice
        assert word in str(error)


SEEN = (
    "models/gemini-3.8-flash",
    "models/gemini-3.1-pro-preview",
    "tunedModels/x",
    "tunedModels/y",
)


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        (
            "models/gemini-3.8-flsh is not found",
            "Did you mean 'models/gemini-3.8-flash' or 'models/gemini-3.1-pro-preview'? ListModels tells which "
            "models there are.",
        ),
        ("No models/zzzzzzzzzzzzzz.", "ListModels tells which models there are."),
        (
            "models/gemini-3.8-flash is not found for embedContent",
            "Did you mean 'models/gemini-3.1-pro-preview'? ListModels tells which models there are.",
        ),
        (
            "tunedModels/z is not found",
            "Did you mean 'tunedModels/y' or 'tunedModels/x'? ListTunedModels tells which models "
            "there are.",
        ),
        ("tunedModels/x/permissions/1 is not found", ""),
        ("tunedModels/x/operations/1 is not found", ""),
        ("publishers/google/models/gemini-3.8-flsh is not found", ""),
        ("projects/p/locations/l/models/1 is not found", ""),
        ("corpora/x is not found", ""),
    ],
)
def test_what_is_said_of_a_model_is_said_of_models_only(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, message: str, advice: str
) -> None:
    emulator.script("GenerateContent", [Fault("NOT_FOUND", message)])
    client = connect(emulator)
    client._channel.settings.models.update(SEEN)
    assert asked(colour, client).advice == advice


def test_advice_is_a_sentence_of_its_own() -> None:
    for message, said in [
        ("gone", "gone. Look."),
        ("gone.", "gone. Look."),
        ("gone?", "gone? Look."),
        ("", "Look."),
    ]:
        error = errors.NotFound(message)
        assert str(error) == f"NOT_FOUND: {message}"
        error.advice = "Look."
        assert str(error) == f"NOT_FOUND: {said}"


def test_a_message_too_large_for_the_server_is_no_limit_of_the_client() -> None:
    said = "Received message larger than max (8 vs. 4)"
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "max_receive_message_length" in failure.from_call(code, f"CLIENT: {said}", ()).advice
    assert not failure.from_call(code, f"SERVER: {said}", ()).advice


def test_errors_do_not_hold_the_request(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("GenerateContent", [Fault("INTERNAL")])
    error = asked(colour, connect(emulator))
    for text in (str(error), repr(error), repr(vars(error)), str(pickle.dumps(error))):
        assert "a private prompt" not in text


def test_the_cause_is_the_error_of_grpc(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("GenerateContent", [Fault("INTERNAL")])
    error = asked(colour, connect(emulator))
    assert isinstance(error.__cause__, grpc.RpcError)


def test_a_status_of_an_operation_becomes_an_error_as_well() -> None:
    status = status_pb2.Status(code=8, message="too much")
    status.details.add().Pack(INFO)
    error = failure.from_status(status)
    assert isinstance(error, errors.ResourceExhausted)
    assert (error.message, error.reason) == ("too much", "API_KEY_SERVICE_BLOCKED")
    assert isinstance(failure.from_status(status_pb2.Status(code=99)), errors.Unknown)


def test_an_answer_that_is_no_message_tells_the_call(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("GenerateContent", [Fault(malformed=True)])
    error = asked(colour, connect(emulator))
    assert isinstance(error, errors.Internal)
    assert error.method.endswith("/GenerateContent")
    assert error.endpoint == emulator.target


# copies


@pytest.mark.parametrize(
    "duplicate", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy]
)
@pytest.mark.parametrize("code", CODES)
def test_errors_can_be_pickled_and_copied(
    code: grpc.StatusCode, duplicate: Callable[[Any], Any]
) -> None:
    error = errors.make(code, "text", details=DETAILS, metadata=[("a", "b"), ("c-bin", b"\xff")])
    error.method, error.endpoint, error.attempts, error.advice = "/a.B/C", "host:1", 3, "Wait."
    again = duplicate(error)
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.args == error.args
    for name in ("message", "method", "endpoint", "attempts", "advice", "metadata", "reason"):
        assert getattr(again, name) == getattr(error, name)
    assert [str(detail) for detail in again.details] == [str(detail) for detail in error.details]


def test_a_tls_error_stays_one() -> None:
    error = errors.google_twin(errors.TlsError)("CERTIFICATE_VERIFY_FAILED")
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, errors.TlsError)
    assert str(again) == str(error)


@pytest.mark.parametrize(
    "error",
    [
        errors.ArgumentError("x"),
        errors.FieldError("x"),
        errors.CredentialsError("x"),
        errors.ClosedError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_misuse_can_be_pickled(error: errors.UsageError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == "x"


# handlers written for google's client


@pytest.mark.parametrize("code", CODES)
def test_handlers_of_api_core_catch_ours(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, code: grpc.StatusCode
) -> None:
    fault = Fault(code, "text", details=[INFO])
    emulator.script("GenerateContent", [fault])
    twin = exceptions.exception_class_for_grpc_status(code)
    with pytest.raises(twin) as caught:
        colour.call(connect(emulator).generate_content, model=MODEL, contents=CONTENTS, retry=None)
    error = caught.value
    assert isinstance(error, exceptions.GoogleAPICallError)
    assert isinstance(error, errors.CLASSES[code])
    assert error.grpc_status_code is code
    assert (error.message, error.reason, error.domain) == ("text", INFO.reason, INFO.domain)
    assert list(error.details) == [INFO]
    assert fault.fired == 1


def test_what_handlers_of_api_core_read_is_there() -> None:
    error: Any = errors.make(grpc.StatusCode.NOT_FOUND, "text", details=[INFO])
    assert isinstance(error, exceptions.NotFound)
    assert list(error.errors) == []
    assert error.response is None
    assert error.grpc_status_code is grpc.StatusCode.NOT_FOUND


def test_twins_are_the_same_class_each_time() -> None:
    one, other = (errors.make(grpc.StatusCode.NOT_FOUND, "x") for _ in range(2))
    assert type(one) is type(other)
    assert type(one).__name__ == "NotFound"
    assert type(one).__module__ == "gemini_grpc.errors"


def test_a_tls_error_is_caught_as_service_unavailable() -> None:
    assert issubclass(errors.google_twin(errors.TlsError), exceptions.ServiceUnavailable)


PROGRAM = """
import sys
from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Fault
from gemini_grpc.v1beta import GenerativeServiceClient

def api_core():
    return sorted(name for name in sys.modules if name.startswith("google.api_core"))

with Emulator() as emulator:
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "k"}
    emulator.script("CountTokens", [Fault("RESOURCE_EXHAUSTED")] * 2)
    with GenerativeServiceClient(client_options=options) as client:
        fields = {"model": "models/gemini-3.8-flash", "contents": [{"parts": [{"text": "x"}]}]}
        try:
            client.count_tokens(**fields)
        except errors.ResourceExhausted as error:
            assert type(error) is errors.ResourceExhausted, type(error).__mro__
        assert api_core() == [], api_core()
        from google.api_core import exceptions
        try:
            client.count_tokens(**fields)
        except exceptions.ResourceExhausted as error:
            assert isinstance(error, errors.ResourceExhausted)
            print("caught")
"""


def test_api_core_is_not_imported_but_used_when_it_is_there(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == "caught\n"
