"""The sky: galaxies drawn from published profiles as a survey camera would record them."""
