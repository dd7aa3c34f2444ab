"""Snapshots as tables, pictures, differences and told journeys; the only place that knows pandas and Graphviz."""
