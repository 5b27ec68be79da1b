"""What the product answers and records, kept to the last bit, to be compared after a change.

`python -m tests.golden --check` runs five jobs through the command line and compares forecasts,
runs and answers with those stored for this engine (`engine`); `--write` stores them, `--compare`
compares two files. Nothing here imports forecastctl: the commands are run as processes and the
store is read as an SQLite file, so that it does not matter how the package is laid out inside.
"""
