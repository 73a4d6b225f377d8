"""Queries from data frames, and results to data frames.

May use the models and the errors.
"""
