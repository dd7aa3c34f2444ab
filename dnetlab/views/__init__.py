"""Snapshots as tables, pictures, differences and explained journeys; the only place that knows pandas and Graphviz."""
