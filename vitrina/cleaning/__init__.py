"""A cleaned collection: what stays, what goes, for which reason."""
