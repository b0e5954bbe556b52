"""Gemini for other libraries; each module needs the extra of its name.

With `pip install "gemini-grpc[llama-index]"`, for one, there is `gemini_grpc.integrations.llama_index`.
"""
