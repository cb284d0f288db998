"""Given names with their short forms, surnames and streets. Any likeness is chance."""


def _words(text: str, by: str = " ") -> list[str]:
    return text.split(by)


# given name: the short forms its bearer also answers to
GIVEN_NAMES = {
    "Elizabeth": ("Liz", "Beth"), "Katherine": ("Kate", "Kathy"), "Margaret": ("Maggie", "Peg"),
    "Jennifer": ("Jen", "Jenny"), "Jessica": ("Jess",), "Rebecca": ("Becky",), "Patricia": ("Pat", "Trish"),
    "Susan": ("Sue",), "Deborah": ("Debbie",), "Samantha": ("Sam",), "Alexandra": ("Alex", "Sandra"),
    "Victoria": ("Vicky", "Tori"), "Christina": ("Chris", "Tina"), "Abigail": ("Abby",),
    "Amanda": ("Mandy",), "Pamela": ("Pam",), "Stephanie": ("Steph",), "Natalie": ("Nat",), "Olivia": ("Liv",),
    "Isabella": ("Bella",), "Sofia": (), "Maria": (), "Emma": (), "Ava": (), "Chloe": (), "Grace": (),
    "Hannah": (), "Leah": (), "Nora": (), "Zoe": (), "Ruth": (), "Priya": (), "Mei": (), "Fatima": (),
    "Ingrid": (), "Yuki": (), "Carmen": (), "Aisha": (), "Lucia": (), "Naomi": (), "William": ("Bill", "Will"),
    "Robert": ("Bob", "Rob"), "Richard": ("Rick", "Dick"), "Michael": ("Mike",), "James": ("Jim", "Jamie"),
    "Thomas": ("Tom",), "Joseph": ("Joe",), "Charles": ("Charlie", "Chuck"), "Christopher": ("Chris",),
    "Daniel": ("Dan", "Danny"), "Matthew": ("Matt",), "Anthony": ("Tony",), "Andrew": ("Andy", "Drew"),
    "Joshua": ("Josh",), "Kenneth": ("Ken",), "Steven": ("Steve",), "Edward": ("Ed", "Ted"),
    "Benjamin": ("Ben",), "Nicholas": ("Nick",), "Timothy": ("Tim",), "Gregory": ("Greg",), "Samuel": ("Sam",),
    "Jonathan": ("Jon",), "Alexander": ("Alex",), "Zachary": ("Zach",), "Nathaniel": ("Nate",), "David": ("Dave",),
    "Luis": (), "Carlos": (), "Omar": (), "Wei": (), "Hiroshi": (), "Arjun": (), "Kwame": (), "Lars": (),
    "Marcus": (), "Felix": (), "Hugo": (), "Ian": (), "Jorge": (), "Pablo": (), "Victor": ("Vic",),
}  # fmt: skip

SURNAMES = _words(
    "Adams Alvarez Anderson Bailey Baker Barnes Bauer Bennett Brooks Brown Bryant Campbell Carter Castillo Chan "
    "Chen Clark Coleman Collins Cook Cooper Cruz Davis Diaz Edwards Evans Fischer Fleming Flores Foster Fuller "
    "Garcia Gibson Gomez Gonzalez Graham Grant Gray Green Griffin Hall Hansen Harris Hayes Henderson Hernandez "
    "Hill Hoffman Howard Hughes Hunt Ivanov Jackson Jacobs James Jenkins Jensen Johnson Jones Jordan Kaur Kelly "
    "Kennedy Khan Kim King Klein Kowalski Kumar Larsen Lee Lewis Lopez Marino Martin Martinez Mason Mendoza Meyer "
    "Miller Mitchell Moore Morales Morgan Morris Murphy Murray Myers Nakamura Nelson Nguyen Novak O'Brien O'Neill "
    "Okafor Olsen Ortiz Owens Park Parker Patel Perez Perry Peterson Phillips Powell Price Ramirez Ramos Reed "
    "Reyes Reynolds Rice Richardson Rivera Roberts Robinson Rodriguez Rogers Rossi Russell Ryan Sanchez Sanders "
    "Schmidt Scott Shah Silva Simmons Singh Smith Snyder Sousa Stewart Stone Sullivan Suzuki Tanaka Taylor Thomas "
    "Thompson Torres Tran Tucker Turner Vargas Wagner Walker Wallace Ward Warren Washington Watson Weaver Webb "
    "Weber West White Williams Wilson Wong Wood Wright Yang Young Zhang Zimmerman"
)

STREETS = _words(
    "Main St,Oak St,Maple Ave,Elm St,Cedar Ln,Park Ave,Washington St,Lake Rd,Hill St,Church St,Pine St,River Rd,"
    "2nd Ave,Mill Rd,Spring St,Highland Ave,Union St,Walnut St,School St,Willow Way",
    by=",",
)
