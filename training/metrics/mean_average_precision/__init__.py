"""Area under precision over recall, as evaluate loads it from this folder."""
