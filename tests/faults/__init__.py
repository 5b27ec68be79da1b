"""Jobs that are killed at random moments, over every store and layout, and what is left of them.

python -m tests.faults --kills 200
python -m tests.faults --kills 30 --stores sqlite --seed 7
"""
