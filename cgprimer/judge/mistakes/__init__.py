"""What a wrong derivative looks like: a factor, a sign, a missing term, a swapped name.

claimed, true, values around it ─→ one sentence that fits all of them
"""
