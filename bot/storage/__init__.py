"""Everything that knows SQL: two engines, one set of queries, one typed module per noun."""
