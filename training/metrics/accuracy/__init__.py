"""Share of right answers, as evaluate loads it from this folder."""
