"""Cards: what a collection is, from the reports of the stages alone."""
