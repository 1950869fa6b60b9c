"""How many employees are not recognised, by the width of their face.

Measured with the default pack: 1,000 enrolled with up to three photos each, one picture, one stranger in 1,000 let in
(`python -m models widths`, 2026-12-01; models/README.md has the intervals). A camera's noise and movement add to it.
"""

# (width in pixels, share of attempts that are not recognised), narrowest first; the last is for all wider ones too.
MISSED = ((24, 0.195), (32, 0.048), (40, 0.023), (48, 0.010))
