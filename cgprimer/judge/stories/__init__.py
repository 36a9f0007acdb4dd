"""What a check tells: wrong totals explained together, one point, sentences.

judged rows ─→ wrong_totals ─→ one_point: a table of what is wrong there ─→ sentences
                 └─ claimed_totals ─→ stories, edge_stories
"""
