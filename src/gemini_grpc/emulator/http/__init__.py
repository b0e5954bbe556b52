"""What the API does over HTTP and not over gRPC: taking uploads, and giving out what models have made."""
