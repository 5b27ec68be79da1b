"""The long panel of all airports: its values, its calendar, and how it is built."""
