"""The HTTP client of the library, for what has no RPC: tokens, uploads, downloads.

httpx makes the requests. It is imported with the first request, never with the library.
"""
