"""The rules that decide on a verdict, and the evidence for each. Pure."""
