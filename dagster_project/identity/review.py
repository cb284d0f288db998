"""Pairs of customers that a person should look at: nearly one person by their score, or kept apart by the guard."""

import duckdb

from dagster_project.identity.model import COMPARISONS

SIDES = ("first_name", "last_name", "email", "email_local", "email_domain", "phone", "birth_date", "address",
         "postal_code", "city", "first_forms", "is_known_first", "cards")  # fmt: skip
EVIDENCE = tuple(f"{comparison}_evidence" for comparison in COMPARISONS)


def find_review_pairs(con: duckdb.DuckDBPyConnection, review_probability: float, least: float) -> None:
    """Table `review_pairs`: the best pair of records of two customers, why they are two, and how each field compares.

    Holds no identifier: the evidence is the name of a level. What a steward decided is no question any more. Needs
    `judged_scores`, `profiles`, `people`, `records` and `decided`.
    """
    sides = ", ".join(f"{side}.{column} as {column}_{side}" for side in "lr" for column in SIDES)
    evidence = ", ".join(f"{_level(name)} as {name}_evidence" for name in COMPARISONS)
    con.execute(
        f"""create temp table review_pairs as
            with open_pairs as (
                select j.*, a.customer_id as customer_l, b.customer_id as customer_r
                from judged_scores j join people a on a.record_no = j.record_l join people b on b.record_no = j.record_r
                where a.customer_id <> b.customer_id and j.probability >= {review_probability}),
            compared as (
                select p.*, {sides}, x.record_key as key_l, y.record_key as key_r
                from open_pairs p
                join profiles l on l.profile_no = p.left_no join profiles r on r.profile_no = p.right_no
                join records x on x.record_no = p.record_l join records y on y.record_no = p.record_r),
            told as (
                select least(customer_l, customer_r) as left_customer_id,
                       greatest(customer_l, customer_r) as right_customer_id,
                       case when customer_l < customer_r then key_l else key_r end as left_key,
                       case when customer_l < customer_r then key_r else key_l end as right_key,
                       probability,
                       case when is_refused then 'household_guard' when probability >= {least} then 'kept_apart'
                            else 'uncertain' end as reason,
                       {evidence}, left_no, right_no
                from compared
                -- Housemates share a home and a phone; an e-mail or a birth date in common asks for a person's eye.
                where not is_refused or coalesce(email_l = email_r, false)
                   or coalesce(birth_date_l = birth_date_r, false))
            select * exclude (left_no, right_no) from told
            where not exists (select 1 from decided d where d.decision <> 'withdraw'
                              and d.left_key = least(told.left_key, told.right_key)
                                                        and d.right_key = greatest(told.left_key, told.right_key))
            qualify row_number() over (partition by left_customer_id, right_customer_id
                                       order by reason = 'household_guard', probability desc, left_no, right_no) = 1"""
    )


def _level(name: str) -> str:
    silent, levels = COMPARISONS[name]
    cases = " ".join(f"when {condition} then '{label.replace(' ', '_')}'" for label, condition in levels)
    return f"case when {silent} then 'not_known' {cases} else 'different' end"
