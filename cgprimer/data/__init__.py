"""Data sets: made from a graph's ground truth, or read from tables and files.

graph, parameters ─ draws, generate: array_dims, array_outputs ─▶ Dataset
columns by name, DataFrame ─ roles, columns ─▶ Dataset ─ summary ─▶ its figures
Dataset ─ csv_writing ─▶ tables of text; of arrays, there and back: entries
tables of text ─ reading, csv_file: text_file, heading, rows, collect ─▶ Dataset
files of bytes ─ binary_file: idx, cifar ─▶ arrays of images and labels, and back
"""
