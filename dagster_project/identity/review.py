"""What a person should look at: two customers who are nearly one by their score or kept two by the guard, and one
customer whose records are tied across two e-mails and two homes."""

import duckdb

from dagster_project.identity.comparable import comparable_postal_code
from dagster_project.identity.match import RULES
from dagster_project.identity.model import COMPARISONS

SIDES = ("first_name", "last_name", "email", "email_local", "email_domain", "phone", "birth_date", "address",
         "postal_code", "city", "first_forms", "is_known_first", "cards")  # fmt: skip
CONTRADICTION = "contradiction"
EVIDENCE = tuple(f"{comparison}_evidence" for comparison in COMPARISONS)


def find_review_pairs(con: duckdb.DuckDBPyConnection, review_probability: float, least: float) -> None:
    """Table `review_pairs`: the best pair of records of two customers, why they are two, and how each field compares;
    and of a customer that contradicts itself, both ends of a tie.

    Holds no identifier: the evidence is the name of a level. What a steward decided is no question any more. Needs
    `judged_scores`, `profiles`, `people`, `parted`, `records`, `decided`, `observed`, `names`, `ties` and `edges`.
    """
    sides = ", ".join(f"{side}.{column} as {column}_{side}" for side in "lr" for column in SIDES)
    evidence = ", ".join(f"{_level(name)} as {name}_evidence" for name in COMPARISONS)
    con.execute(
        f"""create temp table review_pairs as
            with open_pairs as (
                select j.*, a.customer_id as customer_l, b.customer_id as customer_r
                from judged_scores j join people a on a.record_no = j.record_l join people b on b.record_no = j.record_r
                where a.customer_id <> b.customer_id and j.probability >= {review_probability}
                    and (a.customer_id, b.customer_id) not in (select (customer_id, other_id) from parted)),
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
            where {_undecided("told")}
            qualify row_number() over (partition by left_customer_id, right_customer_id
                                       order by reason = 'household_guard', probability desc, left_no, right_no) = 1"""
    )
    _add_contradictions(con)


def _add_contradictions(con: duckdb.DuckDBPyConnection) -> None:
    """Customers held by a tie between records of different e-mails and different homes, such as by a mistyped phone."""
    postal_code = comparable_postal_code("postal_code")
    con.execute(
        f"""insert into review_pairs by name
            with tied as (
                select record_no as left_no,
                       min(record_no) over (partition by rule_rank, block, customer_no) as right_no,
                       rule_rank = {RULES.index("phone")} as is_phone,
                       rule_rank = {RULES.index("name_birth_date")} as is_birth, 1.0::double as p
                from ties join people using (record_no) where rule_rank > {RULES.index("email")}
                union all
                select record_l, record_r, false, false, probability from edges where is_taken),
            said as (
                select record_no, list(distinct email) filter (email_validity = 'valid') as emails,
                       list(distinct {postal_code}) filter ({postal_code} is not null) as homes
                from observed
                where record_no in (select left_no from tied union all select right_no from tied)
                group by record_no),
            found as (
                select a.customer_id, x.record_key as left_key, y.record_key as right_key,
                       max(p) as probability, bool_or(is_phone) as is_phone, bool_or(is_birth) as is_birth,
                       bool_and(n.first_key = m.first_key and n.first_key <> '') as is_first,
                       bool_and(n.last_key = m.last_key and n.last_key <> '') as is_last
                from tied join said l on l.record_no = left_no join said r on r.record_no = right_no
                join people a on a.record_no = left_no
                join people b on b.record_no = right_no and b.customer_id = a.customer_id
                join records x on x.record_no = left_no join records y on y.record_no = right_no
                join names n on n.record_no = left_no join names m on m.record_no = right_no
                where left_no <> right_no
                    and not list_has_any(l.emails, r.emails) and not list_has_any(l.homes, r.homes)
                group by all)
            select customer_id as left_customer_id, customer_id as right_customer_id, left_key, right_key, probability,
                   '{CONTRADICTION}' as reason, 'different' as email_evidence, 'different' as home_evidence,
                   if(is_phone, 'same', 'not_known') as phone_evidence, if(is_first, 'same', 'not_known')
                       as first_name_evidence, if(is_last, 'same', 'not_known') as last_name_evidence,
                   if(is_birth, 'same', 'not_known') as birth_date_evidence, 'not_known' as card_evidence
            from found where {_undecided("found")}
            qualify row_number() over (partition by customer_id order by probability, left_key, right_key) = 1"""
    )


def _undecided(pair: str) -> str:
    return f"""not exists (select 1 from decided d where d.decision <> 'withdraw'
                           and d.left_key = least({pair}.left_key, {pair}.right_key)
                           and d.right_key = greatest({pair}.left_key, {pair}.right_key))"""


def _level(name: str) -> str:
    silent, levels = COMPARISONS[name]
    cases = " ".join(f"when {condition} then '{label.replace(' ', '_')}'" for label, condition in levels)
    return f"case when {silent} then 'not_known' {cases} else 'different' end"
