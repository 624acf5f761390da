"""Pictures: pure functions from figures to positions; templates draw them as SVG.

No Django here. Positions are in the units of the picture's own view box.
"""
