"""A job as a folder of pages that opens offline: the fleet at a glance, and every airport.

`forecastctl.report.read` asks the store, `forecastctl.report.values` is what it finds,
`forecastctl.report.page` makes files of that, and `forecastctl.report.write` puts them where they go.
"""
