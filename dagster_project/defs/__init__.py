"""The Dagster shell: assets, checks, the job and its schedule.

Bodies decorate, call one room's function and report what a person wants to see. Anything longer
belongs in a room. dbt is called from here, because rooms do not know it.
"""
