"""Synchronous clients, one module for each service."""
