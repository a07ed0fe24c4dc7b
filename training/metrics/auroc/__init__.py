"""How well scores separate each class from the rest, as evaluate loads it from this folder."""
