"""The pipeline: verbs, one module per stage, in the order of the road."""
