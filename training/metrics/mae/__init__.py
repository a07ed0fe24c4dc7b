"""Mean absolute error, as evaluate loads it from this folder."""
