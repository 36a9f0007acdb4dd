"""What a check tells: wrong totals explained together, one point, sentences.

judged rows ─┬─ edge_stories, wrong_totals, claimed_totals ─→ stories ─┬─→ sentences
             └─ one_point: a table of what is wrong there ─────────────┘
"""
