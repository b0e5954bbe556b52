"""Asynchronous clients, one module for each service."""
