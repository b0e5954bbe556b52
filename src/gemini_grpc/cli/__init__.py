"""The `gemini-grpc` command."""
