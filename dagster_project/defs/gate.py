"""The gate as Dagster sees it: one check per judged mart, and the sealed snapshot behind all of them."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.defs.dbt_build import manifest
from dagster_project.defs.resources import PROJECT_ROOT, NetworkResource, progress
from dagster_project.errors import GateRefused
from dagster_project.parameters import read_run
from dagster_project.seal import read_suites
from dagster_project.validate import Check, Verdict, judge, record_refusal, seal

GUARDED = dg.AssetKey(["marts", "dim_customers"])


def judged_marts() -> dict[str, dg.AssetKey]:
    """Model -> asset key, for every suite of expectations/ that is about one model."""
    models = {n["name"]: n["schema"] for n in manifest()["nodes"].values() if n["resource_type"] == "model"}
    suites = [suite["mart"] for suite in read_suites(PROJECT_ROOT)]
    return {mart: dg.AssetKey([models[mart], mart]) for mart in suites if mart in models}


def build_gate() -> list:
    """The judging checks and the snapshot asset; reads the suites, so it is called when definitions load."""
    marts = judged_marts()
    specs = [
        dg.AssetCheckSpec(
            "expectations", asset=key, blocking=True, description="Great Expectations, judged in the database."
        )
        for key in marts.values()
    ]
    guards = dg.AssetCheckSpec(
        "guards", asset=GUARDED, blocking=True, description="The gate's own guards on the candidate."
    )

    @dg.multi_asset_check(name="judge", specs=[*specs, guards])
    def judged(network: NetworkResource) -> Iterator[dg.AssetCheckResult]:
        loaded = network.claim()
        run_id = read_run(loaded.home).run_id
        verdict = judge(
            loaded.home, run_id, PROJECT_ROOT, loaded.publish.max_audience_shrink, loaded.identity.acknowledged
        )
        progress.info(f"judged {len(verdict.checks)} checks, {len(verdict.failed)} refuse")
        if not verdict.passed:
            record_refusal(loaded.home, run_id, refusal(verdict))
        for mart, key in marts.items():
            yield _result(key, "expectations", [c for c in verdict.checks if c.kind == "gx" and c.asset == mart])
        rest = [c for c in verdict.checks if c.kind == "guard" or (c.kind == "gx" and c.asset not in marts)]
        yield _result(GUARDED, "guards", rest)
        if not verdict.passed:
            raise GateRefused(refusal(verdict))

    @dg.asset(
        name="snapshot",
        group_name="sealed",
        deps=list(marts.values()),
        description="The judged set, sealed: its bytes hashed, every required check present and passed.",
    )
    def snapshot(network: NetworkResource) -> dg.MaterializeResult:
        loaded = network.claim()
        run = read_run(loaded.home)
        manifest = seal(loaded.home, run.run_id, run.input_fingerprint, PROJECT_ROOT)
        progress.info(f"sealed {run.run_id}")
        return dg.MaterializeResult(
            metadata={
                "run_id": run.run_id,
                "checks": len(manifest["checks"]),
                "rows": dg.MetadataValue.json(manifest["rows"]),
            }
        )

    return [judged, snapshot]


def refusal(verdict: Verdict) -> str:
    """Why a verdict refuses, in one line."""
    named = ", ".join(f"{check.name} ({check.detail})" if check.detail else check.name for check in verdict.failed[:5])
    more = f" and {len(verdict.failed) - 5} more" if len(verdict.failed) > 5 else ""
    return f"run {verdict.run_id} refused: {named}{more}; see ops.checks. What was published before still stands"


def _result(key: dg.AssetKey, name: str, checks: list[Check]) -> dg.AssetCheckResult:
    failed = [check for check in checks if not check.passed]
    told = "\n".join(f"- {check.name}: {check.detail}" for check in failed) or "all hold"
    return dg.AssetCheckResult(
        passed=not failed,
        asset_key=key,
        check_name=name,
        metadata={"checks": len(checks), "failed": len(failed), "what": dg.MetadataValue.md(told)},
    )
