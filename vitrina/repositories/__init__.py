"""Versions of a model, a data set, a Space or a backup: on the Hub, or in a folder that plays the same part."""
