"""Alerts: how often they are right, how early, and how often they are raised for nothing.

Belongs here: simulated and demo networks whose truth is known, the models' own SQL run night by night over them, and
what is counted. Does not belong here: any rule about an alert (dbt), any timing (the other benches).
"""

from pathlib import Path

from bench import Row

BASELINES = ("no visit in 90 days", "2 x own median gap")


def measure(size: str, folder: Path) -> list[Row]:
    """F1 and lead of each alert type on two rhythms, and alerts for nothing; `tiny` is too small to tell."""
    from bench.alerts import steady, stopped

    folder.mkdir(parents=True, exist_ok=True)
    people, step = (60, 60) if size == "tiny" else (900, 4)
    rows = []
    for found in stopped.rows(folder, people, step):
        is_baseline = found["rule"].startswith(BASELINES)
        lead = "" if found["lead_days"] is None else f", {found['lead_days']:.0f} days earlier than 90 days of silence"
        precision, recall = (format(found[of] or 0, ".2f") for of in ("precision", "recall"))
        told = f"precision {precision}, recall {recall}{lead}; {found['flagged']} flags"
        name = f"{found['network']}: {found['rule']}{' (a rule to beat)' if is_baseline else ''}"
        rows.append(Row(name, found["f1"] or 0.0, "F1", note=told))
    judged = 2 if size == "tiny" else 90
    for rhythm in steady.RHYTHMS:
        first, monthly = steady.judge(rhythm, folder / rhythm.name.replace(" ", "_"), people, judged)
        name = f"steady customers alerted a month, {rhythm.name}"
        rows.append(Row(name, 100 * monthly, "%", "<= 2", f"{100 * first:.1f}% on the first night"))
    return rows
