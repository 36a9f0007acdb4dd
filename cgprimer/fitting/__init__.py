"""Fitting parameters to data, and saying what the data cannot determine."""
