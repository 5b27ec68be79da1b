"""Panels that lie on shared storage: workers read them, each its own airports."""
