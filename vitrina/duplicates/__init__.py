"""Duplicates: exact copies, near copies, pictures of one scene."""
