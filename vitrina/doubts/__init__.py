"""Doubts: what a person should look at; proposals alone, nothing is removed here."""
