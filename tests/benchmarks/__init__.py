"""Benchmarks: client CPU per call, as ratios to a plain grpcio stub measured in the same run."""
