"""Models that score every item for a person; all answer to fit, scores, recommend and explain."""
