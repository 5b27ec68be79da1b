"""Stores that real MLflows of several versions made, each installed in an environment of its own."""
