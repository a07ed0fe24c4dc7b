"""Learning: a split goes in, a model that was loaded afresh and gave the same answers comes out."""
