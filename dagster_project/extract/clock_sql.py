"""Times as what stood on the wall and as the instant it was, as CTEs of the typing query."""

from dagster_project.extract.sql_text import quoted
from dagster_project.feeds import Column

NO_TIME = "cast(null as timestamp)"
# No zone in use changes its offset but at a half hour of local time.
_HALF = "interval 30 minutes"
# How far a zone is ahead of UTC at a wall time, and at an instant.
_FROM_WALL = "{0} - cast(timezone(zone, {0}) as timestamp)"
_FROM_UTC = "timezone(zone, cast({0} as timestamptz)) - {0}"
_FIRST_OF_TWO = " ".join(
    f"when timezone(zone, utc - interval '{shift} minutes') = half then utc - interval '{shift} minutes'"
    for shift in (60, 30)
)


def at(column: Column) -> str:
    return quoted(f" {column.name}")


def clock(times: list[Column]) -> str:
    """CTE `timed`: every time as wall time and as UTC. Asking a zone's offset is dear: each half hour is asked once,
    and a day that begins and ends with one offset has it throughout.

    A wall time that comes twice (clocks go back) is the first of the two; one that never comes (clocks go
    forward) moves ahead by the hour that is missing.
    """
    if not times:
        return ""
    joins, columns = [], []
    for number, column in enumerate(times):
        name, instant, wall, utc = quoted(column.name), at(column), f"w{number}", f"u{number}"
        for halves, alias, time in (("walls", wall, name), ("instants", utc, instant)):
            half = f"{alias}.half = time_bucket({_HALF}, typed.{time})"
            joins.append(f"left join {halves} {alias} on {alias}.zone = typed.zone and {half}")
        columns += [
            f"coalesce(typed.{name}, typed.{instant} + {utc}.ahead) as {name}",
            f"coalesce(typed.{instant}, typed.{name} - {wall}.ahead) as {instant}",
        ]
    return f""", wall_halves as ({_halves([quoted(c.name) for c in times])}
), instant_halves as ({_halves([at(c) for c in times])}
), walls as (
    select zone, half, case when steady is not null then steady
        else half - cast(case {_FIRST_OF_TWO} else utc end as timestamp) end as ahead
    from (
        select zone, half, steady, case when steady is null then timezone(zone, half) end as utc
        from wall_halves join ({_days("wall_halves", _FROM_WALL)}) using (zone, day)
    )
), instants as (
    select zone, half, case when steady is not null then steady else {_FROM_UTC.format("half")} end as ahead
    from instant_halves join ({_days("instant_halves", _FROM_UTC)}) using (zone, day)
), timed as (
    select typed.* exclude ({", ".join(f"{quoted(c.name)}, {at(c)}" for c in times)}),
        {", ".join(columns)}
    from typed
    {" ".join(joins)}
)"""


def _halves(columns: list[str]) -> str:
    seen = " union all ".join(f"select zone, time_bucket({_HALF}, {column}) as half from typed" for column in columns)
    return f"select distinct zone, half, date_trunc('day', half) as day from ({seen}) where half is not null"


def _days(halves: str, ahead: str) -> str:
    """The days of some half hours, and how far the zone is ahead of UTC all day; null when that changes."""
    first, last = ahead.format("day"), ahead.format("(day + interval 1 day)")
    return f"""select zone, day, case when {first} = {last} then {first} end as steady
        from (select distinct zone, day from {halves})"""


def within_years(moment: str) -> str:
    """A moment that survives a change of zone: 'infinity' and the year 290000 are no dates of a till."""
    return f"case when {moment} >= timestamp '0002-01-01' and {moment} < timestamp '9999-01-01' then {moment} end"
