"""Servers that break the rules of HTTP/2 and gRPC, and what clients make of it."""
