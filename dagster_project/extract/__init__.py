"""Extract: exports become landed Parquet, with every physical row accounted for.

Belongs here: listing the landing zone, recognising a file by its header, reading and typing its rows,
the ledger of files, which delivery of a row counts, and through when each location has delivered.
Does not belong here: judging e-mails or phones (clean/), joining feeds (dbt), knowledge of one vendor
(sources/*.yaml carries it).
"""
