"""Data sets: made from a graph's ground truth, or read from tables and files.

graph, parameters ─ draws, generate ─▶ Dataset
columns by name, DataFrame, CSV file ─ roles, csv_file, columns ─▶ Dataset
"""
