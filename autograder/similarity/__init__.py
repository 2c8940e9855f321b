"""Answers of a class that are suspiciously alike, for a person to look at. Nothing is executed, no result changes."""
