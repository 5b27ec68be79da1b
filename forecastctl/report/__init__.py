"""A job as a folder of pages that opens offline: the fleet at a glance, and every airport.

`read` asks the store, `values` is what it finds, `page` makes files of that, and `write` puts them
where they go.
"""
