"""The causes that a miss may have: each a pure function from the findings to candidates."""
