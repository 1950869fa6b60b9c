"""How many employees are not recognised, by the width of their face.

Measured with the default pack: 1,000 enrolled with up to three photos each, one picture, one stranger in 1,000 let in
(`python -m models widths`, 2026-11-29; models/README.md has the intervals). A camera's noise and movement add to it.
"""

# (width in pixels, share of attempts that are not recognised), narrowest first.
MISSED = ((24, 0.213), (32, 0.063), (40, 0.023), (48, 0.023), (64, 0.020), (96, 0.008))
