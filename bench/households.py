"""Five hundred households, each with one phone and one address, among two thousand people who live alone.

A household has two to five people with given names of their own and, mostly, one family name; tills typed each of them
one to four times, with the mess that tills make. Names, streets and slips are this module's own: nothing in it was
there when the model that ships was trained, and every seed is another network.
"""

import random
from pathlib import Path

import duckdb
import pyarrow as pa

from bench import Row
from dagster_project.identity.decisions import NONE
from dagster_project.identity.matching import match
from dagster_project.identity.model import load_model
from dagster_project.identity.synthetic import enter
from dagster_project.network_sections import IdentitySection

HOUSEHOLDS, LONERS = 500, 2_000
SEEDS = (1, 2, 3, 4, 5)
GIVEN = """
Aisha Ahmed Alice Amara Ana Andre Anna Anton Beatriz Bianca Boris Bruno Camille Carlos Carmen Cesar Chloe Claire
Clara Dalia Daniel Dario David Diego Dina Dmitri Elena Elias Elif Emil Emma Enzo Erik Esra Eva Fatima Felix
Fiona Gabriel Giulia Greta Hana Hannah Hassan Helena Hugo Ibrahim Ines Ingrid Irina Isabel Ivan Jana Jasmin
Javier Joana Jonas Jorge Juan Julia Kaan Karin Karl Kate Katja Kenji Kofi Lara Lars Laura Lea Leila Lena Leo
Lina Lucas Lucia Luis Magda Malik Marco Maria Mario Marta Martin Mateo Max Maya Mehmet Mia Michael Mika Milan
Mina Miriam Moritz Nadia Nadine Naomi Nicolas Nina Noah Nora Olga Oliver Omar Oscar Pablo Paula Pedro Petra
Rafael Rania Rosa Ruth Samir Sara Selin Simon Sofia Stefan Sven Tarek Teresa Theo Thomas Tomas Vera Viktor Yara
Yuki Yusuf Zara Zoe
""".split()  # noqa: SIM905
FAMILY = """
Abe Acosta Adeyemi Aguilar Ahlberg Akyol Alonso Andersson Aydin Baker Bauer Becker Bennett Berg Bianchi
Bondarenko Brandt Brown Caruso Castillo Chen Cohen Conti Costa Cruz Dahl Delgado Demir Diallo Dubois Eriksen
Esposito Evans Fernandes Ferrari Fischer Flores Fontaine Fuchs Gallo Garcia Gill Goldberg Gomez Haas Haddad
Hansen Hernandez Hoffmann Horvat Ito Ivanova Jansen Jensen Johnson Kaya Keller Khan Kim Klein Koch Kowalski
Kruger Lambert Larsen Laurent Lehmann Leroy Li Lopez Lund Mancini Marino Martins Mendes Mensah Meyer Mohr Moreau
Moreno Morris Nagy Nakamura Navarro Neumann Nguyen Novak Nowak Okafor Oliveira Olsen Orlov Ortiz Park Patel
Pereira Petersen Petrov Popescu Ramos Reyes Ricci Rivera Robert Romano Rossi Rousseau Roux Ruiz Sato Schmidt
Schneider Schulz Shah Silva Singh Smith Sousa Suzuki Takahashi Tan Toth Tran Vargas Vogel Wagner Walker Wang
Weber Wolf Wright Yamamoto Yilmaz Young Zhang Ziegler Zimmermann
""".split()  # noqa: SIM905
STREETS = """
Acacia Birch Canal Castle Chapel Church Forest Garden Hill Lake Market Meadow Mill Park River School Station
""".split()  # noqa: SIM905
KINDS = ("Street", "Road", "Avenue", "Lane")


def measure(size: str, folder: Path) -> list[Row]:
    """One row, whatever the size: the worst seed's share of false merges, with every seed's in the note."""
    found = [(seed, *false_merges(seed)) for seed in SEEDS]
    worst = max(false / said for _, false, said, _ in found)
    note = "; ".join(
        f"seed {seed}: {false} of {said} pairs are two people's, in {mixed} households"
        for seed, false, said, mixed in found
    )
    return [
        Row(f"{HOUSEHOLDS} households of one phone and address each: false merges", worst, "share", "< 0.005", note)
    ]


def false_merges(seed: int) -> tuple[int, int, int]:
    """Pairs of records of two people put together, pairs put together, and households in which that happened."""
    con = duckdb.connect()
    write_households(con, seed)
    match(con, load_model(), IdentitySection(), NONE)
    return con.execute(
        f"""with placed as (select record_no, cluster_no, person, home from truth join clusters using (record_no)),
                 pairs as (select a.person <> b.person as is_false, a.home
                           from placed a join placed b on a.cluster_no = b.cluster_no and a.record_no < b.record_no)
            select count(*) filter (is_false), count(*),
                   count(distinct home) filter (is_false and home < {HOUSEHOLDS}) from pairs"""
    ).fetchall()[0]


def write_households(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Tables `records` and `observed` as identity's rooms read them, and `truth` (record_no, person, home)."""
    chance = random.Random(seed)
    rows = []
    person = 0
    for home in range(HOUSEHOLDS + LONERS):
        size = chance.randint(2, 5) if home < HOUSEHOLDS else 1
        family, phone = chance.choice(FAMILY), f"+1{chance.randrange(2_000_000_000, 9_999_999_999)}"
        address = f"{chance.randrange(1, 200)} {chance.choice(STREETS)} {chance.choice(KINDS)}"
        postal_code = str(10_000 + chance.randrange(60))
        shared_mail = f"{family.lower()}{chance.randrange(999)}@home.example" if chance.random() < 0.2 else None
        for given in chance.sample(GIVEN, size):
            person += 1
            last = family if chance.random() < 0.85 else chance.choice(FAMILY)
            own_mail = f"{given}.{last}{chance.randrange(9999)}@mail.example".lower()
            born = f"{chance.randrange(1940, 2010)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
            for _ in range(chance.choice((1, 1, 2, 2, 3, 4))):
                mail = shared_mail if shared_mail and chance.random() < 0.5 else own_mail
                rows.append(
                    {
                        "first_name": _typed(chance, given),
                        "last_name": _typed(chance, last),
                        "email": mail if chance.random() < 0.4 else None,
                        "phone": phone if chance.random() < 0.9 else None,
                        "birth_date": born if chance.random() < 0.3 else None,
                        "address": address if chance.random() < 0.8 else None,
                        "postal_code": postal_code,
                        "person": person,
                        "home": home,
                    }
                )
    chance.shuffle(rows)
    table = pa.Table.from_pylist([{"record_no": number} | row for number, row in enumerate(rows)])
    con.register("typed", table)
    con.execute("create temp table truth as select record_no, person, home from typed")
    enter(con, locations=10)
    con.unregister("typed")


def _typed(chance: random.Random, name: str) -> str:
    """A name as a till has it: one in twenty-five with a slip, one in fifty cut to its initial."""
    luck = chance.random()
    if luck < 0.02:
        return f"{name[0]}."
    if luck < 0.06:
        at = chance.randrange(1, len(name))
        return chance.choice((name[:at] + name[at + 1 :], name[:at] + name[at - 1 :], name[:at] + "e" + name[at + 1 :]))
    return name
