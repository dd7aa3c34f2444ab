"""A work told: as data with a published schema, as a page, as a PDF. Only values are read here, never an engine."""
