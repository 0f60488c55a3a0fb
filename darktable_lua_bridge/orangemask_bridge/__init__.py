"""Lets darktable talk to the engine."""
