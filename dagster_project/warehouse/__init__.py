"""Warehouse: the lake laid out as tables for dbt, and the empty files a candidate is built into.

Belongs here: views over the lake's Parquet, a fresh candidate folder, taking the state a run leaves
behind out of the marts. Does not belong here: any rule about customers (dbt), any judgement (validate/).
"""
