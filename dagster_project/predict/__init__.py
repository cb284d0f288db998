"""Predict: repeat-purchase models of the BG/NBD family: expected visits, P(alive), value.

Belongs here: fitting and scoring on the customer summaries that dbt builds. Does not belong here: the
summaries themselves, or what a score is used for (dbt).
"""

from dagster_project.predict.night import predict_customers

__all__ = ["predict_customers"]
