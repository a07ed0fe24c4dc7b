"""What each class is taken for, as evaluate loads it from this folder."""
