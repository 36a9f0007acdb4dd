"""Gradient checks: claims held against differences, and what a mistake looks like."""
