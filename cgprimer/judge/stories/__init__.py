"""What a check tells: wrong totals explained together, one point, sentences.

judged rows ─ wrong_totals ─→ stories ─┬→ one_point: a table ─→ sentences ─→ report
"""
