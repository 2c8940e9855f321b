"""Grading the graders: what their thresholds are worth."""
