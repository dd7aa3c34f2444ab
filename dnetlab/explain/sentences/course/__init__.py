"""The course's own words, a module per language: CLAIMS and FOUND of the checks, PHRASES of everything around them."""
