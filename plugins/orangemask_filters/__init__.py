"""The filters: one module or package each, found by their entry points."""
