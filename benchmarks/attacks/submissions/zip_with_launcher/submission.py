"""Hands in a zip with an ipykernel_launcher.py, which is started in the place of the real one and patches Otter."""
