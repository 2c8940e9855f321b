"""A new assignment that already grades: a folder made from a template, to be changed bit by bit."""
