"""What the API accepts, as data: the ranges, lengths, patterns and names of each field.

- A key is `Message.field`, for every version that has it; `aiplatform_v1/Message.field` speaks of one
  version, `*.field` of every message. All pairs whose key fits hold.
- Lines come from the comments of our protos. Where these are silent, a few follow from what a field
  means (a count is not negative, a tool is some tool), and a few from memory of the service, which
  nobody has measured: the roles, the media types of answers, the 64 characters of a function's name.
- What the descriptors say by themselves (required fields, resource references, enum values) is not
  repeated, except where they are too strict or too lax.
- The names of fields are the proto's; relations, which read messages, use ours.
"""

from __future__ import annotations

from typing import TypeVar

from gemini_grpc.emulator.constraints import (
    Choice,
    Constraint,
    Count,
    Distinct,
    Each,
    Filled,
    Labels,
    Length,
    Moment,
    Names,
    Pattern,
    Range,
    Required,
    Seconds,
    Span,
    Tokens,
)
from gemini_grpc.emulator.relations import (
    Among,
    AtLeastOne,
    AtMostOne,
    DeclaredFunctions,
    Excludes,
    Inherits,
    Lacks,
    Needs,
    NotEmpty,
    ObjectParameters,
    OneOf,
    OnlyWith,
    Ordered,
    Relation,
    ReplayedTexts,
)

T = TypeVar("T")

REQUEST_BYTES = 20 * 1024 * 1024
"""The most that one request may have, inline media included."""

MODEL = ("models/*", "tunedModels/*", "dynamic/*")
ENDPOINT = (
    "projects/*/locations/*/publishers/*/models/*",
    "projects/*/locations/*/endpoints/*",
    "publishers/*/models/*",
    "endpoints/*",
)

RESOURCES: dict[str, tuple[str, ...]] = {
    "generativelanguage.googleapis.com/Model": MODEL,
    "aiplatform.googleapis.com/Endpoint": ENDPOINT,
    "aiplatform.googleapis.com/RagCorpus": ("projects/*/locations/*/ragCorpora/*",),
    "modelarmor.googleapis.com/Template": ("projects/*/locations/*/templates/*",),
}
"""The shapes of names that no message of ours declares, or not all of them."""

WAIVED: dict[str, str] = {
    "FunctionDeclaration.description": "",  # the service does without
    "SafetySetting.threshold": "",  # unspecified stands for the default of the model
    "Schema.type": "any_of",  # the alternatives have types of their own
}
"""Required fields that may be left out: always, or while the other field is set."""

KEPT = frozenset({"File.mime_type"})  # a gRPC call brings no content to tell the type from
"""Fields that only the server sets, and that the emulator still takes from the caller."""

WELL_KNOWN: dict[str, Constraint] = {
    "google.protobuf.Timestamp": Moment(),
    "google.protobuf.Duration": Span(),
}
"""What holds for every field of a type."""

_NOT_NEGATIVE = Range(0)
_PROBABILITY = Range(0, 1)
_CANDIDATES = Range(1, 8, needed=True)
_STOPS = (Count(0, 5), Each(Filled(), needed=True))
_TURNS = Each(Choice(("user", "model", "function", "system")), "role")
_BATCH = Count(1, 100)
_METADATA = (Count(0, 20), Distinct("key"))
_RESULTS = Range(0, needed=True)
# An answer has at most 65 536 tokens, so nothing longer can be demanded of it.
_FEWEST = Range(0, 65_536, needed=True)

_DASHES = "[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?"
_ID = " with an id of up to 40 lower-case letters, digits and inner dashes"
_EMAIL = Pattern(r"[^@\s]+@[^@\s]+", "an email address")
_MIME_TYPE = Pattern(r"[\w.+-]+/[\w.+*-]+\s*(;.*)?", "a media type such as image/png")
_FUNCTION = Pattern(
    r"[A-Za-z_][\w.:-]{0,63}",
    "a letter or underscore and then letters, digits, underscores, dots, colons or dashes, at most 64",
)
_FORMATS = (
    *("text/plain", "application/json", "application/xml", "application/yaml"),
    "text/x.enum",
)
_KEY = Pattern(
    r"(document|chunk)\.custom_metadata\..+",
    "document.custom_metadata.KEY or chunk.custom_metadata.KEY",
)

_FIELDS: tuple[tuple[str, Constraint | tuple[Constraint, ...]], ...] = (
    # lists and pages
    ("*.page_size", Range(0, needed=True)),
    ("*.safety_settings", Distinct("category")),
    ("GetOperationRequest.name", Required()),
    ("CancelOperationRequest.name", Required()),
    ("DeleteOperationRequest.name", Required()),
    # what a prompt is made of
    ("GenerateContentRequest.contents", _TURNS),
    ("GenerateAnswerRequest.contents", _TURNS),
    ("CountTokensRequest.contents", _TURNS),
    ("ComputeTokensRequest.contents", _TURNS),
    ("CachedContent.contents", _TURNS),
    ("BidiGenerateContentClientContent.turns", _TURNS),
    ("Content.parts", Required(needed=False)),
    ("Blob.mime_type", _MIME_TYPE),
    ("FileData.mime_type", _MIME_TYPE),
    ("FunctionResponseBlob.mime_type", _MIME_TYPE),
    ("FunctionResponseFileData.mime_type", _MIME_TYPE),
    ("VideoMetadata.fps", Range(0, 24)),
    ("VideoMetadata.start_offset", Seconds(_NOT_NEGATIVE)),
    ("VideoMetadata.end_offset", Seconds(_NOT_NEGATIVE)),
    # generating
    ("GenerationConfig.candidate_count", _CANDIDATES),
    ("GenerationConfig.stop_sequences", _STOPS),
    ("GenerationConfig.max_output_tokens", Range(1)),
    ("GenerationConfig.temperature", Range(0, 2)),
    ("GenerationConfig.top_p", _PROBABILITY),
    ("GenerationConfig.top_k", _NOT_NEGATIVE),
    ("GenerationConfig.logprobs", Range(0, 20, needed=True)),
    ("GenerationConfig.response_mime_type", Choice(_FORMATS)),
    ("aiplatform_v1/GenerationConfig.presence_penalty", Range(-2, 2, below=True)),
    ("aiplatform_v1/GenerationConfig.frequency_penalty", Range(-2, 2, below=True)),
    ("ThinkingConfig.thinking_budget", Range(-1)),
    ("GenerationConfig.ThinkingConfig.thinking_budget", Range(-1)),
    ("ImageConfig.aspect_ratio", Pattern(r"\d+:\d+", "a ratio such as 16:9")),
    ("ImageConfig.ImageOutputOptions.compression_quality", Range(0, 100)),
    ("aiplatform_v1/GenerateContentRequest.model", Names(ENDPOINT)),
    ("aiplatform_v1/GenerateContentRequest.labels", Labels()),
    ("aiplatform_v1/CountTokensRequest.model", Names(ENDPOINT)),
    ("ComputeTokensRequest.model", Names(ENDPOINT)),
    ("GenerateAnswerRequest.temperature", _PROBABILITY),
    ("SemanticRetrieverConfig.source", Names(("corpora/*", "corpora/*/documents/*"))),
    ("SemanticRetrieverConfig.max_chunks_count", _RESULTS),
    # tools
    ("FunctionDeclaration.name", _FUNCTION),
    ("DynamicRetrievalConfig.dynamic_threshold", _PROBABILITY),
    ("FileSearch.RetrievalConfig.top_k", _NOT_NEGATIVE),
    ("RagRetrievalConfig.top_k", _NOT_NEGATIVE),
    ("VertexAISearch.max_results", Range(0, 10)),
    ("LatLng.latitude", Range(-90, 90)),
    ("LatLng.longitude", Range(-180, 180)),
    # schemas
    ("Schema.min_items", _FEWEST),
    ("Schema.max_items", _NOT_NEGATIVE),
    ("Schema.min_properties", _FEWEST),
    ("Schema.max_properties", _NOT_NEGATIVE),
    ("Schema.min_length", _FEWEST),
    ("Schema.max_length", _NOT_NEGATIVE),
    # embedding
    ("EmbedContentRequest.output_dimensionality", Range(1, needed=True)),
    ("EmbedContentRequest.EmbedContentConfig.output_dimensionality", Range(1, needed=True)),
    ("aiplatform_v1/EmbedContentRequest.model", Required()),
    ("aiplatform_v1/EmbedContentRequest.content", Required()),
    ("BatchEmbedContentsRequest.requests", _BATCH),
    ("BatchEmbedTextRequest.texts", Count(0, 100)),
    ("BatchEmbedTextRequest.requests", Count(0, 100)),
    # live sessions
    ("BidiGenerateContentSetup.model", Names(MODEL)),
    ("RealtimeInputConfig.AutomaticActivityDetection.prefix_padding_ms", _NOT_NEGATIVE),
    ("RealtimeInputConfig.AutomaticActivityDetection.silence_duration_ms", _NOT_NEGATIVE),
    ("ContextWindowCompressionConfig.trigger_tokens", _NOT_NEGATIVE),
    ("ContextWindowCompressionConfig.SlidingWindow.target_tokens", _NOT_NEGATIVE),
    # the older text and chat models
    ("GenerateTextRequest.model", Names(MODEL)),
    ("GenerateTextRequest.temperature", _PROBABILITY),
    ("GenerateTextRequest.candidate_count", _CANDIDATES),
    ("GenerateTextRequest.max_output_tokens", Range(1)),
    ("GenerateTextRequest.top_p", _PROBABILITY),
    ("GenerateTextRequest.top_k", _NOT_NEGATIVE),
    ("GenerateTextRequest.stop_sequences", _STOPS),
    ("GenerateMessageRequest.temperature", _PROBABILITY),
    ("GenerateMessageRequest.candidate_count", _CANDIDATES),
    ("GenerateMessageRequest.top_p", _PROBABILITY),
    ("GenerateMessageRequest.top_k", _NOT_NEGATIVE),
    # models
    ("GetModelRequest.name", Names(("models/*",))),
    ("CreateTunedModelRequest.tuned_model_id", Pattern(f"(?=[a-z]){_DASHES}", f"an id{_ID}")),
    ("TunedModel.base_model", Names(("models/*",), needed=True)),
    ("TunedModel.display_name", Length(40)),
    ("TunedModel.temperature", Range(0, 2)),
    ("TunedModel.top_p", _PROBABILITY),
    ("TunedModel.top_k", _NOT_NEGATIVE),
    ("v1beta/TuningExamples.examples", Required(needed=False)),
    ("Hyperparameters.learning_rate", Range(0, above=True)),
    ("Hyperparameters.learning_rate_multiplier", Range(0, above=True)),
    ("Hyperparameters.epoch_count", Range(1, needed=True)),
    ("Hyperparameters.batch_size", Range(1, needed=True)),
    # files and caches
    ("File.name", Names(("files/*",), id=_DASHES, expected=_ID)),
    ("File.display_name", Length(512)),
    ("CachedContent.display_name", Length(128)),
    ("CachedContent.ttl", Seconds(Range(0, above=True))),
    ("aiplatform_v1/CachedContent.model", Names(ENDPOINT)),
    # the retriever
    ("Corpus.name", Names(("corpora/*",), id=_DASHES, expected=_ID)),
    ("Corpus.display_name", Length(512)),
    ("Document.name", Names(("corpora/*/documents/*",), id=_DASHES, expected=_ID)),
    ("Document.display_name", Length(512)),
    ("Document.custom_metadata", _METADATA),
    ("Chunk.name", Names(("corpora/*/documents/*/chunks/*",), id=_DASHES, expected=_ID)),
    ("Chunk.custom_metadata", _METADATA),
    ("ChunkData.string_value", Tokens(2043)),
    ("MetadataFilter.key", _KEY),
    ("QueryCorpusRequest.results_count", _RESULTS),
    ("QueryDocumentRequest.results_count", Range(0, 100, needed=True)),
    ("BatchCreateChunksRequest.requests", _BATCH),
    ("BatchUpdateChunksRequest.requests", _BATCH),
    # permissions
    ("ListPermissionsRequest.parent", Names(("tunedModels/*", "corpora/*"))),
    ("TransferOwnershipRequest.name", Names(("tunedModels/*",))),
    ("TransferOwnershipRequest.email_address", _EMAIL),
    ("Permission.grantee_type", Required()),
    ("Permission.email_address", _EMAIL),
)

_JSON = ("application/json",)
_LIVE_LACKS = (
    *("response_logprobs", "logprobs", "response_mime_type", "response_schema"),
    *("response_json_schema", "response_json_schema_ordered", "stop_sequences"),
)
_CACHED = Excludes("cached_content", ("system_instruction", "tools", "tool_config"))
_SCHEMAS = ("response_schema", "response_json_schema", "response_json_schema_ordered")
_TEXT_TESTS = ("EQUAL", "NOT_EQUAL", "INCLUDES", "EXCLUDES")
_NUMBER_TESTS = ("LESS", "LESS_EQUAL", "EQUAL", "GREATER_EQUAL", "GREATER", "NOT_EQUAL")

_MESSAGES: tuple[tuple[str, Relation | tuple[Relation, ...]], ...] = (
    ("Part", OneOf("data")),
    ("Content", ReplayedTexts()),
    ("FunctionResponsePart", OneOf("data")),
    ("VideoMetadata", Ordered("start_offset", "end_offset")),
    ("Interval", Ordered("start_time", "end_time")),
    ("GenerateContentRequest", (_CACHED, DeclaredFunctions())),
    (
        "aiplatform_v1/GenerateContentRequest",
        AtMostOne(("safety_settings", "model_armor_config")),
    ),
    ("CachedContent", DeclaredFunctions()),
    ("GenerateAnswerRequest", AtLeastOne(("inline_passages", "semantic_retriever"))),
    ("v1alpha/CountTokensRequest", AtLeastOne(("contents", "generate_content_request"))),
    ("v1beta/CountTokensRequest", AtLeastOne(("contents", "generate_content_request"))),
    ("CountTokensRequest", AtMostOne(("contents", "generate_content_request"))),
    ("aiplatform_v1/CountTokensRequest", AtLeastOne(("contents", "instances"))),
    ("ComputeTokensRequest", AtLeastOne(("contents", "instances"))),
    (
        "GenerationConfig",
        (
            AtMostOne(_SCHEMAS),
            OnlyWith("response_schema", "response_mime_type", (*_JSON, "text/x.enum")),
            OnlyWith("response_json_schema", "response_mime_type", _JSON),
            OnlyWith("response_json_schema_ordered", "response_mime_type", _JSON),
        ),
    ),
    ("aiplatform_v1/GenerationConfig", OnlyWith("logprobs", "response_logprobs", (True,))),
    (
        "aiplatform_v1/GenerationConfig.ThinkingConfig",
        AtMostOne(("thinking_budget", "thinking_level")),
    ),
    ("SpeechConfig", AtMostOne(("voice_config", "multi_speaker_voice_config"))),
    ("Tool", NotEmpty()),
    (
        "FunctionDeclaration",
        (
            AtMostOne(("parameters", "parameters_json_schema")),
            AtMostOne(("response", "response_json_schema")),
            ObjectParameters(),
        ),
    ),
    ("FunctionCallingConfig", OnlyWith("allowed_function_names", "mode", ("ANY", "VALIDATED"))),
    ("VertexAISearch", AtMostOne(("datastore", "engine"))),
    (
        "Schema",
        (
            Needs("type_", ("ARRAY",), ("items",)),
            Among("required", "properties"),
            Ordered("min_items", "max_items"),
            Ordered("min_properties", "max_properties"),
            Ordered("min_length", "max_length"),
            Ordered("minimum", "maximum"),
        ),
    ),
    (
        "BidiGenerateContentSetup",
        (Lacks("generation_config", _LIVE_LACKS), DeclaredFunctions()),
    ),
    ("BatchEmbedContentsRequest", Inherits("model")),
    ("BatchEmbedTextRequest", (Inherits("model"), AtMostOne(("texts", "requests")))),
    ("BatchCreateChunksRequest", Inherits("parent")),
    ("TunedModel", AtLeastOne(("base_model", "tuned_model_source"))),
    ("Dataset", OneOf("dataset")),
    ("v1alpha/TuningExamples", AtLeastOne(("examples", "multiturn_examples"))),
    ("TuningExample", OneOf("model_input")),
    ("ChunkData", OneOf("data")),
    ("CustomMetadata", OneOf("value")),
    (
        "Condition",
        (
            OneOf("value"),
            OnlyWith("string_value", "operation", _TEXT_TESTS),
            OnlyWith("numeric_value", "operation", _NUMBER_TESTS),
        ),
    ),
    (
        "Permission",
        (
            Needs("grantee_type", ("USER", "GROUP"), ("email_address",)),
            OnlyWith("email_address", "grantee_type", ("USER", "GROUP")),
        ),
    ),
)


def _gather(pairs: tuple[tuple[str, T | tuple[T, ...]], ...]) -> dict[str, tuple[T, ...]]:
    gathered: dict[str, tuple[T, ...]] = {}
    for key, value in pairs:
        items = value if isinstance(value, tuple) else (value,)
        gathered[key] = gathered.get(key, ()) + items
    return gathered


FIELDS = _gather(_FIELDS)
"""The constraints of fields, by key."""

MESSAGES = _gather(_MESSAGES)
"""The relations within messages, by `Message` or `version/Message`."""
