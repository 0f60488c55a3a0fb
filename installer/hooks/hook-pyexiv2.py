"""Exiv2 itself, which pyexiv2 loads by its path."""

from PyInstaller.utils.hooks import collect_dynamic_libs

binaries = collect_dynamic_libs("pyexiv2")
