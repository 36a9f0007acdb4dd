"""How things are written for people: signs, tables, reports."""
