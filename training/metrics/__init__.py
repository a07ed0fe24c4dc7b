"""evaluate.Metric modules that load without a network: evaluate.load("training/metrics/accuracy")."""
