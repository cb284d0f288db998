"""Today's list of one location: restricted/locations/<location_id>/today.csv and today.html.

Names and phones stand here because someone has to call; an e-mail address only where its person agreed to mail, and no
phone of anybody who said not to call, or asked for it to be forgotten. Both files are written anew every night, also
when there is nobody to call.
"""

import csv
from html import escape
from pathlib import Path
from urllib.parse import quote

import duckdb

from dagster_project.home import Home

COLUMNS = ("rank", "name", "phone", "email", "why", "last_visit_on", "due_on", "alert_id", "customer_id")
SHOWN = {"rank": "", "name": "Who", "phone": "Phone", "email": "E-mail", "why": "Why", "last_visit_on": "Last visit",
         "due_on": "Call by"}  # fmt: skip
# What a spreadsheet takes for the start of a formula.
FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n")

_LISTED = """
select l.location_id, l.rank, concat_ws(' ', g.first_name, g.last_name) as name,
    case when d.phone_status = 'valid' and d.sms_marketable_reason <> 'privacy_request' and n.customer_id is null
        then g.phone end as phone,
    case when d.is_email_marketable then g.email end as email,
    l.why, l.last_visit_on, l.due_on, l.alert_id, l.customer_id
from marts.marts.location_action_list as l
join marts.marts.dim_customers as d using (customer_id)
left join people.people.golden_records as g using (customer_id)
left join (
    select distinct coalesce(r.living_customer_id, a.customer_id) as customer_id
    from warehouse.lake.actions as a left join warehouse.lake.retired_ids as r using (customer_id)
    where a.result = 'do_not_call'
) as n using (customer_id)
order by l.location_id, l.rank
"""
_LOCATIONS = """
select location_id, coalesce(location_name, location_id), data_through_date, as_of_date
from marts.marts.dim_locations where data_through_date is not null order by 1
"""
_NOTICES = """
select location_id, alert_type, identified_share, usual_share, opened_on
from marts.marts.location_alerts where outcome = 'open' order by 1, 2
"""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}: today's calls</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
h1 {{ margin-bottom: 0 }} .when {{ color: #666; margin-top: 0 }}
.notice {{ border-left: 4px solid #c60; background: #fff6ec; padding: .5rem 1rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .4rem .7rem; vertical-align: top }}
thead th {{ border-bottom: 2px solid #222 }} tbody tr {{ border-bottom: 1px solid #ddd }}
@media print {{ body {{ margin: 0; max-width: none }} }}
</style></head><body>
<h1>{name}</h1><p class="when">Whom to call on {as_of}; sales are known through {through}.</p>
{notices}{body}
</body></html>
"""


def write_todays_lists(home: Home) -> int:
    """Write the list of every location that has delivered; how many people they name together."""
    with duckdb.connect() as connection:
        for file, name in (
            (home.candidate_marts, "marts"),
            (home.candidate_people, "people"),
            (home.warehouse, "warehouse"),
        ):
            literal = str(file).replace("'", "''")
            connection.execute(f"attach '{literal}' as {name} (read_only)")
        listed = connection.execute(_LISTED).fetchall()
        locations = connection.execute(_LOCATIONS).fetchall()
        notices = connection.execute(_NOTICES).fetchall()
    for location_id, name, through, as_of in locations:
        folder = home.candidate / "restricted" / "locations" / folder_name(location_id)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        rows = [dict(zip(COLUMNS, row, strict=True)) for place, *row in listed if place == location_id]
        told = [_notice(*notice) for place, *notice in notices if place == location_id]
        _write_table(folder / "today.csv", rows)
        page = _PAGE.format(name=escape(name), as_of=as_of, through=through, notices="".join(told), body=_table(rows))
        (folder / "today.html").write_text(page, encoding="utf-8")
    return len(listed)


def folder_name(location_id: str) -> str:
    """The location's id as the name of a folder: itself, unless it would lead elsewhere."""
    name = quote(location_id, safe=" ")
    return name if not name.startswith(".") else "%2E" + name[1:]


def _write_table(path: Path, rows: list[dict]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_START) else value


def _table(rows: list[dict]) -> str:
    if not rows:
        return "<p>Nobody needs a call today.</p>"
    head = "".join(f"<th>{title}</th>" for title in SHOWN.values())
    lines = ["".join(f"<td>{escape(str(row[name] or ''))}</td>" for name in SHOWN) for row in rows]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _notice(alert_type: str, share: float | None, usual: float | None, opened_on: object) -> str:
    if alert_type == "capture_drop":
        text = (
            f"Since {opened_on} the till knows who bought for {share or 0:.0%} of sales, usually {usual:.0%}. "
            "Customers who seem to stay away may only not be recognised: ask for their number at the till."
        )
    else:
        text = (
            f"Sales have not come in since before {opened_on}: send the till's exports. Nobody is called lost for it."
        )
    return f'<p class="notice">{text}</p>\n'
