"""Side-by-side measurements: both sides in one run, the machine written down, results as ratios."""
