"""Share of pictures whose class is among the k highest, as evaluate loads it from this folder."""
