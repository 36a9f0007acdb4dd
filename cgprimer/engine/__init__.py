"""The engine: graphs compiled to machine code."""
