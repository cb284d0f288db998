"""What must hold of every mart before anyone sees it: one suite per file, and the code that runs them.

A suite is {"mart", "database": "marts" | "people", "schema" (when not the database's own name),
"expectations": [{"name", "type", "kwargs", "description"}]}.
`name` is unique in its suite: <mart>.<name> is the check the seal asks for. SQL in a suite names tables as the
candidate's databases are attached: candidate.marts.<mart> and people_candidate.<schema>.<table>; `{batch}` is the
suite's own mart. The suite `mart_columns` judges a table made up on the spot: one row per column of every mart
and of the copy of ops beside them (mart, column_name, cells_like_email, cells_like_phone).

Only this package imports great_expectations, and only inside functions: importing it costs seconds.
"""
