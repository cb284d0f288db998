"""One feed column as SQL: from the cells of a row to trimmed text, and from text to a number or flag; dates are read in
date_sql.

Cells are VARCHAR columns named as the headers, without blanks around them and NULL when empty; whatever is
unreadable stays text here and becomes NULL when typed, so that the row is rejected rather than guessed at.
"""

import re

from dagster_project.extract.column_rule import DELIVERED, ColumnRule, Test
from dagster_project.extract.contract_language import Contract
from dagster_project.extract.date_sql import Dates, day_sql
from dagster_project.extract.sql_text import literal, quoted
from dagster_project.feeds import Column

TRUE, FALSE = ("true", "t", "yes", "y", "x", "1"), ("false", "f", "no", "n", "0")
# An id that went through a spreadsheet and may have lost digits.
SCIENTIFIC = r"([0-9])(?:[.,]([0-9]+))?[eE]\+?([0-9]{1,2})"
_SAFE_DIGITS = 15
# What a spreadsheet writes where its formula failed, in whatever language.
_ERROR = r"#(N/A|NV|N/B|N/D|[A-ZÀ-Ý]+(/0)?[!?])"


def is_absent(rule: ColumnRule | None, header: set[str]) -> bool:
    """Whether a column is empty in every row of a file with this header."""
    return rule is None or (rule.needs_header and not header.intersection(rule.headers))


def text_sql(
    rule: ColumnRule | None, header: set[str], column: Column, contract: Contract, dates: Dates | None = None
) -> str:
    """The cell as trimmed text, NULL when empty: origin, then style and value map. In a text joined of several, a cell
    of `dates` is written in ISO 8601, however the file writes its days."""
    if rule is None or is_absent(rule, header):
        return "cast(null as varchar)"
    is_cell = isinstance(rule.from_, str) and not rule.is_computed
    known = dates if dates and column.type == "text" else {}
    text = _cell(rule.from_, header) if is_cell else f"nullif(trim({_origin(rule, header, known)}), '')"
    if rule.style == "id":
        text = _id(text)
    elif rule.style == "lower":
        text = f"lower({text})"
    if rule.values:
        cases = " ".join(f"when {literal(k.lower())} then {literal(v)}" for k, v in rule.values.items())
        other = literal(rule.otherwise) if rule.otherwise is not None else text
        text = f"nullif(case lower({text}) {cases} else case when {text} is not null then {other} end end, '')"
    if column.role == "source_customer_id" and contract.placeholder_customer_ids:
        nobody = ", ".join(literal(i) for i in contract.placeholder_customer_ids)
        text = f"case when {text} not in ({nobody}) then {text} end"
    if rule.when_empty:
        instead = 'cast(" delivered_on" as varchar)' if rule.when_empty == DELIVERED else literal(rule.when_empty)
        text = f"coalesce({text}, {instead})"
    if rule.zero_when:
        nothing = " or ".join(f"({condition_sql(when, header)})" for when in rule.zero_when)
        text = f"case when {nothing} then '0' else {text} end"
    return text


def condition_sql(when: dict[str, Test], header: set[str]) -> str:
    """Whether every test of `when` holds; a header that is not there is empty."""
    conditions = []
    for name, test in when.items():
        cell = f"coalesce({_cell(name, header)}, '')"
        if test.is_in is not None:
            conditions.append(f"lower({cell}) in ({', '.join(literal(v.lower()) for v in test.is_in)})")
        if test.starts_with is not None:
            conditions.append(f"starts_with({cell}, {literal(test.starts_with)})")
        if test.matches is not None:
            conditions.append(f"regexp_full_match({cell}, {literal(test.matches)})")
        if test.is_empty is not None:
            conditions.append(f"({cell} = '') = {test.is_empty}")
        if test.is_true is not None:
            conditions.append(f"(lower({cell}) in ({', '.join(map(literal, TRUE))})) = {test.is_true}")
        if test.is_negative is not None:
            # Whichever mark the till writes: a sign is a sign.
            readings = [decimal_sql(cell, ColumnRule(constant="", decimal_mark=mark)) for mark in (".", ",")]
            conditions.append(f"coalesce(coalesce({', '.join(readings)}) < 0, false) = {test.is_negative}")
    return " and ".join(conditions)


def decimal_sql(text: str, rule: ColumnRule) -> str:
    """An amount in whatever way tills write it: symbols, separators, parentheses, a trailing minus.

    Separators must stand where thousands do: `4,50` is no number where the decimal mark is a point, nor is `0,500`.
    """
    thousands, mark = (",", r"\.") if rule.decimal_mark == "." else (r"\.", ",")
    thousands = rf"[{thousands}''\x{{2019}}\s\x{{00A0}}\x{{202F}}]"
    symbol = "|".join([r"\p{Sc}", *(re.escape(s).replace("'", "''") for s in rule.symbols)])
    whole = rf"(?:[1-9][0-9]{{0,2}}(?:{thousands}[0-9]{{2,3}})*{thousands}[0-9]{{3}}|[0-9]+)"
    number = rf"({whole}(?:{mark}[0-9]*)?|{mark}[0-9]+)"
    beside = rf"(?:{symbol}|[\s\x{{00A0}}\x{{202F}}])*"
    minus = r"[-+\x{2212}]"
    shape = rf"'\(?{beside}{minus}?{beside}{number}{beside}(?:-|\))?{beside}'"
    digits = f"replace(regexp_replace(regexp_extract({text}, {shape}, 1), "
    digits += f"'[^0-9{rule.decimal_mark}]', '', 'g'), {literal(rule.decimal_mark)}, '.')"
    sign = rf"case when regexp_matches({text}, '[(\x{{2212}}-]') then '-' else '' end"
    is_closed = f"contains({text}, '(') = contains({text}, ')')"
    is_amount = f"regexp_full_match({text}, {shape}) and {is_closed}"
    readable = f"case when {is_amount} then try_cast({sign} || {digits} as decimal(18,4)) end"
    if rule.decimal_mark == ",":
        return readable
    # The commonest ways without a regular expression; a cast that fails costs more than these replacements.
    bare = f"case when contains({text}, '$') then ltrim(replace({text}, '-$', '-'), '$') else {text} end"
    return f"coalesce(try_cast({bare} as decimal(18,4)), {readable})"


def typed_sql(column: Column, rule: ColumnRule | None, text: str) -> str:
    """The value of a column that is no time, NULL when the text cannot be read as one."""
    if column.type == "enum":
        lowered = f"lower({text})"
        allowed = f"case when {lowered} in ({', '.join(literal(v) for v in column.values)}) then {lowered} end"
        default = literal(column.default) if column.default else "null"
        return f"case when {text} is null then {default} else {allowed} end"
    if column.type == "month":
        day = f"case when length({text}) = 7 then {text} || '-01' else {text} end"
        return f"cast(date_trunc('month', try_cast({day} as date)) as date)"
    if column.type == "decimal":
        as_written = rule and not rule.is_computed
        return _within(column, decimal_sql(text, rule if rule and as_written else ColumnRule(constant="")))
    if column.type == "integer":
        whole = f"try_cast({text} as bigint)"
        return _within(column, f"case when try_cast({text} as double) = {whole} then {whole} end")
    if column.type == "boolean":
        yes, no = (f"lower({text}) in ({', '.join(map(literal, words))})" for words in (TRUE, FALSE))
        return f"case when {yes} then true when {no} then false end"
    return f"case when not ({_lost_id(text, rule)}) then {text} end" if holds_ids(column, rule) else text


def _within(column: Column, number: str) -> str:
    if column.between is None:
        return number
    least, greatest = column.between
    return f"case when {number} between {least} and {greatest} then {number} end"


def holds_ids(column: Column, rule: ColumnRule | None) -> bool:
    """Whether a text column's values are ids, which a spreadsheet may have damaged."""
    return column.type == "text" and rule is not None and (rule.style == "id" or column.role == "source_customer_id")


def _lost_id(text: str, rule: ColumnRule | None) -> str:
    failed = f"starts_with({text}, '#') and regexp_full_match({text}, {literal(_ERROR)})"
    is_id = rule is not None and rule.style == "id"
    return f"{failed} or regexp_full_match({text}, {literal(SCIENTIFIC)})" if is_id else failed


def _origin(rule: ColumnRule, header: set[str], dates: Dates) -> str:
    if rule.constant is not None:
        return literal(rule.constant)
    if rule.from_folder:
        return 'cast(" folder_date" as varchar)'
    if rule.cases is not None:
        return _by_case(rule, header)
    if rule.is_computed:
        return _amount(rule, header)
    return _of_several(rule, header, dates)


def _by_case(rule: ColumnRule, header: set[str]) -> str:
    whens = " ".join(f"when {condition_sql(case.when, header)} then {literal(case.then)}" for case in rule.cases or [])
    return f"case {whens} else {literal(rule.otherwise) if rule.otherwise is not None else 'null'} end"


def _of_several(rule: ColumnRule, header: set[str], dates: Dates) -> str:
    cells = []
    for name in rule.first_of or rule.from_headers:
        cell = _cell(name, header)
        cells.append(day_sql(cell, dates[name]) if name in dates else cell)
    if rule.first_of:
        return f"coalesce({', '.join(cells)})"
    joined = f"concat_ws({literal(rule.separator)}, {', '.join(cells)})"
    if rule.complete:
        return f"case when {' and '.join(f'{cell} is not null' for cell in cells)} then {joined} end"
    return joined


def _amount(rule: ColumnRule, header: set[str]) -> str:
    """Arithmetic on amounts, as plain text; a cell that is no amount is passed on marked, so that it gets rejected."""
    base = rule.multiply or rule.add or rule.from_headers
    cells = {h: _cell(h, header) for h in [*base, *rule.subtract]}
    value = {h: decimal_sql(cell, rule) for h, cell in cells.items()}
    unreadable = " ".join(
        f"when {cell} is not null and {value[h]} is null then '? ' || {cell}" for h, cell in cells.items()
    )
    if rule.multiply:
        total = " * ".join(value[h] for h in base)
    else:
        filled = " or ".join(f"{cells[h]} is not null" for h in base)
        total = f"case when {filled} then {' + '.join(f'coalesce({value[h]}, 0)' for h in base)} end"
    total = f"({total})" + "".join(f" - coalesce({value[h]}, 0)" for h in rule.subtract)
    if rule.net_of_rate:
        rate = _rate(_cell(rule.net_of_rate, header), rule)
        unreadable += f" when {rate} is null then '? ' || coalesce({_cell(rule.net_of_rate, header)}, '')"
        total = f"cast(({total}) / (1 + {rate}) as decimal(18,4))"
    return f"case {unreadable} else cast({total} as varchar) end"


def _rate(cell: str, rule: ColumnRule) -> str:
    """A rate of tax as a share, from `25`, `25,0 %`, 0.25 or a word of `rates`; NULL when it is none."""
    words = "".join(f" when {literal(k.lower())} then '{rate}%'" for k, rate in rule.rates.items())
    text = f"case lower(coalesce({cell}, '')){words} else {cell} end" if words else cell
    number = f"try_cast(replace(trim(replace({text}, '%', '')), ',', '.') as double)"
    share = f"case when contains({text}, '%') or {number} >= 1 then {number} / 100 else {number} end"
    return f"case when {number} between 0 and 100 then {share} end"


def _id(text: str) -> str:
    """An id as it was before a spreadsheet took it for a number: `'123`, `17850.0`, `17850,0`, `9e+05`, `1,2345E+04`.

    Scientific notation with a fraction is undone only where it writes every digit; else it stays, to be rejected.
    """
    bare = f"ltrim({text}, '''')"
    lead, fraction, exponent = (f"regexp_extract({bare}, {literal(SCIENTIFIC)}, {n})" for n in (1, 2, 3))
    exponent = f"try_cast({exponent} as integer)"
    is_whole = f"{exponent} < {_SAFE_DIGITS} and ({fraction} = '' or length({fraction}) = {exponent})"
    return (
        f"case when regexp_full_match({bare}, '[0-9]+[.,]0*') then regexp_extract({bare}, '^[0-9]+') "
        f"when regexp_full_match({bare}, {literal(SCIENTIFIC)}) and {is_whole} "
        f"then {lead} || rpad({fraction}, {exponent}, '0') else {bare} end"
    )


def _cell(name: str, header: set[str]) -> str:
    return quoted(name) if name in header else "cast(null as varchar)"
