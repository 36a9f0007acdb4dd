"""Where nan, inf and lost digits come from, and the stable form to write instead."""
