"""What is published: the files of a model, of a data set, of the Space."""
