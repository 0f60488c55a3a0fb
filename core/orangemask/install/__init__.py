"""Puts the plug-ins and scripts where the editors look for them, and takes them away again."""
