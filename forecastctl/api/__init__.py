"""What commands and Python callers do alike: settings to store, data and executor, and the work.

Nothing here prints: whoever calls hands in what is told of progress.
"""
