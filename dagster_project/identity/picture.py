"""A customer's weakest link as a picture: from the odds before, bar by bar, to the weight in all."""

from pathlib import Path
from typing import Any

from dagster_project.identity.evidence import Link

FOR, AGAINST, SUM = "#2a7f62", "#b3382c", "#5b6770"


def draw(customer_id: str, verdict: str, weak: Link, names: list[str], picture: Path) -> None:
    """Write `picture` (.svg), readable by its owner alone. It holds no values of the person, only how they compare."""
    import altair as alt
    import vl_convert

    bars = waterfall(weak)
    order = [bar["step"] for bar in bars]
    x = alt.X(
        "step:N",
        sort=order,
        title=None,
        axis=alt.Axis(labelAngle=0, labelLimit=140, labelExpr="split(datum.label, '|')"),
    )
    base = alt.Chart(alt.Data(values=bars)).encode(x=x)
    drawn = base.mark_bar(size=46).encode(
        y=alt.Y("from:Q", title="bits: +1 doubles the odds of one person"),
        y2="to:Q",
        color=alt.Color(
            "kind:N", legend=None, scale=alt.Scale(domain=["for", "against", "sum"], range=[FOR, AGAINST, SUM])
        ),
    )
    told = base.mark_text(dy=-8).encode(y=alt.Y("top:Q"), text="told:N")
    chart = (drawn + told).properties(
        width=72 * len(bars), height=300,
        title=alt.TitleParams(f"Customer {customer_id}: {verdict}", subtitle=" and ".join(names), anchor="start"),
    )  # fmt: skip
    picture.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    picture.write_text(vl_convert.vegalite_to_svg(chart.to_dict()), encoding="utf-8")
    picture.chmod(0o600)


def waterfall(one: Link) -> list[dict[str, Any]]:
    """A bar for the odds before, one for each comparison that says something, and one for the sum."""
    bars = [_bar("before", 0.0, one.prior, "sum")]
    for name, evidence in one.found.items():
        if evidence.label != "not known":
            start = bars[-1]["to"]
            kind = "for" if evidence.bits > 0 else "against"
            step = f"{name.replace('_', ' ')}|{evidence.label}{'|(derived)' if evidence.is_derived else ''}"
            bars.append(_bar(step, start, start + evidence.bits, kind))
    return [*bars, _bar(f"in all|{one.told_probability}", 0.0, one.bits, "sum")]


def _bar(step: str, start: float, end: float, kind: str) -> dict[str, Any]:
    return {"step": step, "from": start, "to": end, "top": max(start, end), "kind": kind, "told": f"{end - start:+.1f}"}
