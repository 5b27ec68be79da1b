"""From a file, a database or the sample to one regular series per airport.

``files.read_panel`` reads and checks every row; ``prepare.prepare`` makes a series of each airport,
or says why not; ``check.check_panel`` reports on both. Nothing is imported here, so that preparing
an airport from stored rows does not load what reads files.
"""
