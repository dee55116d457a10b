"""The opening lines of the report: its facts, the sentences made from them by rule, and the check of a model's wording.

What does not belong here: the prompt (`steps/night_summary`) and the call.
"""
