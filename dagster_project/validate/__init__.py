"""The gate: judges a candidate and seals it, or refuses it.

Here belong the run of the suites, the guards that are neither dbt's nor Great Expectations', what is added to
a candidate before its bytes are final, and the seal. What a suite says belongs in expectations/*.json; what
happens to a sealed set belongs in publish/.
"""

from dagster_project.validate.checks import Check
from dagster_project.validate.judge import Verdict, judge
from dagster_project.validate.sealing import record_refusal, seal

__all__ = ["Check", "Verdict", "judge", "record_refusal", "seal"]
