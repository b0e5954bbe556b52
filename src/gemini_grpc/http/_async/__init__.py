"""The asynchronous HTTP client, from which the synchronous one is derived."""
