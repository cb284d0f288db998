"""Pictures as inline SVG, drawn by Vega-Lite through Altair; they need no script and no network."""

import re

WIDTH, BAR_HEIGHT, LINE_HEIGHT = 620, 22, 260


def bars(rows: list[tuple], label: str, measure: str) -> str:
    """Horizontal bars of (label, number, ...) rows in their order; nothing for no rows."""
    if not rows:
        return ""
    import altair as alt

    data = alt.Data(values=[{label: str(row[0]), measure: float(row[1])} for row in rows])
    chart = alt.Chart(data).mark_bar(color="#30638e").encode(
        x=alt.X(f"{measure}:Q"), y=alt.Y(f"{label}:N", sort=None, title=None)
    )  # fmt: skip
    return _svg(chart.properties(width=WIDTH, height=BAR_HEIGHT * len(rows)))


def lines(rows: list[tuple], x_title: str, y_title: str) -> str:
    """One line per group. Rows are (group, x, y), or (x, group, y) where x is text; nothing for no rows."""
    if not rows:
        return ""
    import altair as alt

    is_ordinal = isinstance(rows[0][1], str)
    points = [(row[1], row[0], row[2]) if is_ordinal else row for row in rows]
    data = alt.Data(values=[{"group": g, "x": float(x), "y": float(y)} for g, x, y in points])
    chart = alt.Chart(data).mark_line(point=True).encode(
        x=alt.X("x:Q", title=x_title), y=alt.Y("y:Q", title=y_title), color=alt.Color("group:N", title=None)
    )  # fmt: skip
    return _svg(chart.properties(width=WIDTH, height=LINE_HEIGHT))


def _svg(chart) -> str:
    import vl_convert

    return re.sub(r"^<\?xml.*?\?>\s*", "", vl_convert.vegalite_to_svg(chart.to_dict()))
