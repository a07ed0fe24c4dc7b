"""A small Hub on this machine: the far end for tests that publish, load, serve, roll back."""
