"""Precision, recall, F1, as evaluate loads it from this folder."""
