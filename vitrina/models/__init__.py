"""Models: one door for bundled weights, folders, Hub ids; importing this package loads nothing heavy."""
