"""Pictures -> what they show, and whether that supports a claim.

`look` reads bars and text of an item's pictures once (bars/, text/), `facts/` finds values in
what was read, `checks/` compares claims with them, `chain` runs the checks one after another.
No vision-language model takes part.
"""
