"""Alerts: how often they are right, how early, and how often they are raised for nothing.

Belongs here: simulated and demo networks whose truth is known, the models' own SQL run night by night over them, and
what is counted. Does not belong here: any rule about an alert (dbt), any timing (the other benches).
"""
