"""Everything known about each payment provider: verification, payload shapes, translation to facts, simulator. Pure."""
