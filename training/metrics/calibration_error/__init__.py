"""Distance between confidence and accuracy, as evaluate loads it from this folder."""
