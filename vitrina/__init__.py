"""Vitrina: a pile of pictures becomes a clean collection, a model anyone loads, a gallery people browse."""

__version__ = "0.1.0"
