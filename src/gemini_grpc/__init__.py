"""A gRPC client for Google's Gemini models.

Public names are imported on first use, so that `import gemini_grpc` costs little more than
`import grpc`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gemini_grpc._lazy import attach

os.environ.setdefault(
    "GRPC_VERBOSITY", "NONE"
)  # grpc reads it when it is imported; else it writes to stderr

if TYPE_CHECKING:
    from gemini_grpc import aiplatform_v1 as aiplatform_v1
    from gemini_grpc import answer as answer
    from gemini_grpc import caching as caching
    from gemini_grpc import emulator as emulator
    from gemini_grpc import errors as errors
    from gemini_grpc import live as live
    from gemini_grpc import operations as operations
    from gemini_grpc import permission as permission
    from gemini_grpc import retriever as retriever
    from gemini_grpc import types as types
    from gemini_grpc import v1alpha as v1alpha
    from gemini_grpc import v1beta as v1beta
    from gemini_grpc import vertexai as vertexai
    from gemini_grpc.generative import corpora as corpora
    from gemini_grpc.generative import permissions as permissions
    from gemini_grpc.generative._async.answering import (
        generate_answer_async as generate_answer_async,
    )
    from gemini_grpc.generative._async.catalog import get_base_model_async as get_base_model_async
    from gemini_grpc.generative._async.catalog import get_model_async as get_model_async
    from gemini_grpc.generative._async.catalog import list_models_async as list_models_async
    from gemini_grpc.generative._async.client import AsyncClient as AsyncClient
    from gemini_grpc.generative._async.embedding import embed_content_async as embed_content_async
    from gemini_grpc.generative._async.files import delete_file_async as delete_file_async
    from gemini_grpc.generative._async.files import download_file_async as download_file_async
    from gemini_grpc.generative._async.files import get_file_async as get_file_async
    from gemini_grpc.generative._async.files import list_files_async as list_files_async
    from gemini_grpc.generative._async.files import upload_file_async as upload_file_async
    from gemini_grpc.generative._async.files import wait_for_file_async as wait_for_file_async
    from gemini_grpc.generative._async.operations import (
        delete_operation_async as delete_operation_async,
    )
    from gemini_grpc.generative._async.operations import get_operation_async as get_operation_async
    from gemini_grpc.generative._async.operations import (
        list_operations_async as list_operations_async,
    )
    from gemini_grpc.generative._async.tuning import (
        create_tuned_model_async as create_tuned_model_async,
    )
    from gemini_grpc.generative._async.tuning import (
        delete_tuned_model_async as delete_tuned_model_async,
    )
    from gemini_grpc.generative._async.tuning import get_tuned_model_async as get_tuned_model_async
    from gemini_grpc.generative._async.tuning import (
        list_tuned_models_async as list_tuned_models_async,
    )
    from gemini_grpc.generative._async.tuning import (
        update_tuned_model_async as update_tuned_model_async,
    )
    from gemini_grpc.generative._sync.answering import generate_answer as generate_answer
    from gemini_grpc.generative._sync.catalog import get_base_model as get_base_model
    from gemini_grpc.generative._sync.catalog import get_model as get_model
    from gemini_grpc.generative._sync.catalog import list_models as list_models
    from gemini_grpc.generative._sync.client import Client as Client
    from gemini_grpc.generative._sync.embedding import embed_content as embed_content
    from gemini_grpc.generative._sync.files import delete_file as delete_file
    from gemini_grpc.generative._sync.files import download_file as download_file
    from gemini_grpc.generative._sync.files import get_file as get_file
    from gemini_grpc.generative._sync.files import list_files as list_files
    from gemini_grpc.generative._sync.files import upload_file as upload_file
    from gemini_grpc.generative._sync.files import wait_for_file as wait_for_file
    from gemini_grpc.generative._sync.operations import delete_operation as delete_operation
    from gemini_grpc.generative._sync.operations import get_operation as get_operation
    from gemini_grpc.generative._sync.operations import list_operations as list_operations
    from gemini_grpc.generative._sync.tuning import create_tuned_model as create_tuned_model
    from gemini_grpc.generative._sync.tuning import delete_tuned_model as delete_tuned_model
    from gemini_grpc.generative._sync.tuning import get_tuned_model as get_tuned_model
    from gemini_grpc.generative._sync.tuning import list_tuned_models as list_tuned_models
    from gemini_grpc.generative._sync.tuning import update_tuned_model as update_tuned_model
    from gemini_grpc.generative.backend import UnsupportedError as UnsupportedError
    from gemini_grpc.generative.chat import ChatSession as ChatSession
    from gemini_grpc.generative.config import GenerationConfig as GenerationConfig
    from gemini_grpc.generative.default import configure as configure
    from gemini_grpc.generative.model import GenerativeModel as GenerativeModel
    from gemini_grpc.generative.part import Content as Content
    from gemini_grpc.generative.part import Image as Image
    from gemini_grpc.generative.part import Part as Part
    from gemini_grpc.generative.request_options import RequestOptions as RequestOptions
    from gemini_grpc.generative.rounds import AutomaticFunctionCalling as AutomaticFunctionCalling
    from gemini_grpc.generative.safety import HarmBlockMethod as HarmBlockMethod
    from gemini_grpc.generative.safety import HarmBlockThreshold as HarmBlockThreshold
    from gemini_grpc.generative.safety import HarmCategory as HarmCategory
    from gemini_grpc.generative.safety import SafetySetting as SafetySetting
    from gemini_grpc.generative.tools import FunctionDeclaration as FunctionDeclaration
    from gemini_grpc.generative.tools import Tool as Tool
    from gemini_grpc.generative.tools import ToolConfig as ToolConfig
    from gemini_grpc.rpc.client_options import ClientOptions as ClientOptions
    from gemini_grpc.rpc.observer import AttemptInfo as AttemptInfo
    from gemini_grpc.rpc.observer import CallInfo as CallInfo
    from gemini_grpc.rpc.observer import Observer as Observer
    from gemini_grpc.rpc.observer import SessionInfo as SessionInfo
    from gemini_grpc.rpc.observer import record_calls as record_calls
    from gemini_grpc.rpc.policy import RetryPolicy as RetryPolicy
    from gemini_grpc.v1beta import types as protos

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "AttemptInfo",
    "AutomaticFunctionCalling",
    "CallInfo",
    "ChatSession",
    "Client",
    "ClientOptions",
    "Content",
    "FunctionDeclaration",
    "GenerationConfig",
    "GenerativeModel",
    "HarmBlockMethod",
    "HarmBlockThreshold",
    "HarmCategory",
    "Image",
    "Observer",
    "Part",
    "RequestOptions",
    "RetryPolicy",
    "SafetySetting",
    "SessionInfo",
    "Tool",
    "ToolConfig",
    "UnsupportedError",
    "aiplatform_v1",
    "answer",
    "caching",
    "configure",
    "corpora",
    "create_tuned_model",
    "create_tuned_model_async",
    "delete_file",
    "delete_file_async",
    "delete_operation",
    "delete_operation_async",
    "delete_tuned_model",
    "delete_tuned_model_async",
    "download_file",
    "download_file_async",
    "embed_content",
    "embed_content_async",
    "emulator",
    "errors",
    "generate_answer",
    "generate_answer_async",
    "get_base_model",
    "get_base_model_async",
    "get_file",
    "get_file_async",
    "get_model",
    "get_model_async",
    "get_operation",
    "get_operation_async",
    "get_tuned_model",
    "get_tuned_model_async",
    "list_files",
    "list_files_async",
    "list_models",
    "list_models_async",
    "list_operations",
    "list_operations_async",
    "list_tuned_models",
    "list_tuned_models_async",
    "live",
    "operations",
    "permission",
    "permissions",
    "protos",
    "record_calls",
    "retriever",
    "types",
    "update_tuned_model",
    "update_tuned_model_async",
    "upload_file",
    "upload_file_async",
    "v1alpha",
    "v1beta",
    "vertexai",
    "wait_for_file",
    "wait_for_file_async",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "AsyncClient": ".generative._async.client",
        "AttemptInfo": ".rpc.observer",
        "AutomaticFunctionCalling": ".generative.rounds",
        "CallInfo": ".rpc.observer",
        "ChatSession": ".generative.chat",
        "Client": ".generative._sync.client",
        "ClientOptions": ".rpc.client_options",
        "Content": ".generative.part",
        "FunctionDeclaration": ".generative.tools",
        "GenerationConfig": ".generative.config",
        "GenerativeModel": ".generative.model",
        "HarmBlockMethod": ".generative.safety",
        "HarmBlockThreshold": ".generative.safety",
        "HarmCategory": ".generative.safety",
        "Image": ".generative.part",
        "Observer": ".rpc.observer",
        "Part": ".generative.part",
        "RequestOptions": ".generative.request_options",
        "RetryPolicy": ".rpc.policy",
        "SafetySetting": ".generative.safety",
        "SessionInfo": ".rpc.observer",
        "Tool": ".generative.tools",
        "ToolConfig": ".generative.tools",
        "UnsupportedError": ".generative.backend",
        "aiplatform_v1": ".aiplatform_v1",
        "answer": ".answer",
        "caching": ".caching",
        "configure": ".generative.default",
        "corpora": ".generative.corpora",
        "create_tuned_model": ".generative._sync.tuning",
        "create_tuned_model_async": ".generative._async.tuning",
        "delete_file": ".generative._sync.files",
        "delete_file_async": ".generative._async.files",
        "delete_operation": ".generative._sync.operations",
        "delete_operation_async": ".generative._async.operations",
        "delete_tuned_model": ".generative._sync.tuning",
        "delete_tuned_model_async": ".generative._async.tuning",
        "download_file": ".generative._sync.files",
        "download_file_async": ".generative._async.files",
        "embed_content": ".generative._sync.embedding",
        "embed_content_async": ".generative._async.embedding",
        "emulator": ".emulator",
        "errors": ".errors",
        "generate_answer": ".generative._sync.answering",
        "generate_answer_async": ".generative._async.answering",
        "get_base_model": ".generative._sync.catalog",
        "get_base_model_async": ".generative._async.catalog",
        "get_file": ".generative._sync.files",
        "get_file_async": ".generative._async.files",
        "get_model": ".generative._sync.catalog",
        "get_model_async": ".generative._async.catalog",
        "get_operation": ".generative._sync.operations",
        "get_operation_async": ".generative._async.operations",
        "get_tuned_model": ".generative._sync.tuning",
        "get_tuned_model_async": ".generative._async.tuning",
        "list_files": ".generative._sync.files",
        "list_files_async": ".generative._async.files",
        "list_models": ".generative._sync.catalog",
        "list_models_async": ".generative._async.catalog",
        "list_operations": ".generative._sync.operations",
        "list_operations_async": ".generative._async.operations",
        "list_tuned_models": ".generative._sync.tuning",
        "list_tuned_models_async": ".generative._async.tuning",
        "live": ".live",
        "operations": ".operations",
        "permission": ".permission",
        "permissions": ".generative.permissions",
        "protos": ".protos",
        "record_calls": ".rpc.observer",
        "retriever": ".retriever",
        "types": ".types",
        "update_tuned_model": ".generative._sync.tuning",
        "update_tuned_model_async": ".generative._async.tuning",
        "upload_file": ".generative._sync.files",
        "upload_file_async": ".generative._async.files",
        "v1alpha": ".v1alpha",
        "v1beta": ".v1beta",
        "vertexai": ".vertexai",
        "wait_for_file": ".generative._sync.files",
        "wait_for_file_async": ".generative._async.files",
    },
)
