"""The menu: what the network sells, and how often it is asked for."""

import numpy as np

# product id, name, category, price in cents, unit cost in cents, popularity, days until bought again
MENU = (
    ("P001", "Drip Coffee", "Coffee", 325, 62, 16, None),
    ("P002", "Americano", "Coffee", 375, 70, 7, None),
    ("P003", "Cappuccino", "Coffee", 475, 118, 8, None),
    ("P004", "Latte", "Coffee", 525, 131, 14, None),
    ("P005", "Flat White", "Coffee", 495, 122, 5, None),
    ("P006", "Mocha", "Coffee", 575, 160, 4, None),
    ("P007", "Cold Brew", "Cold Drinks", 495, 95, 9, None),
    ("P008", "Iced Latte", "Cold Drinks", 575, 140, 6, None),
    ("P009", "Lemonade", "Cold Drinks", 425, 80, 3, None),
    ("P010", "Matcha Latte", "Tea", 625, 190, 5, None),
    ("P011", "Chai Latte", "Tea", 550, 150, 4, None),
    ("P012", "Earl Grey", "Tea", 350, 45, 2, None),
    ("P013", "Butter Croissant", "Bakery", 395, 140, 9, None),
    ("P014", "Almond Croissant", "Bakery", 475, 185, 5, None),
    ("P015", "Blueberry Muffin", "Bakery", 375, 120, 6, None),
    ("P016", "Cinnamon Roll", "Bakery", 450, 150, 4, None),
    ("P017", "Banana Bread, slice", "Bakery", 350, 105, 4, None),
    ("P018", "Everything Bagel", "Breakfast", 325, 95, 4, None),
    ("P019", "Egg & Cheese Roll", "Breakfast", 695, 240, 5, None),
    ("P020", "Granola Bowl", "Breakfast", 795, 280, 2, None),
    ("P021", "House Blend 12oz", "Beans", 1695, 780, 1, 21),
    ("P022", "Decaf Beans 12oz", "Beans", 1795, 840, 0.4, 28),
    ("P023", "Demo Coffee Mug", "Retail", 1400, 520, 0.3, None),
)

MODIFIERS = ("12oz", "16oz", "16oz, Whole Milk", "16oz, Oat Milk", "12oz, Oat Milk", "16oz, Cold Foam")
MODIFIER_CENTS = np.array([0, 50, 50, 120, 70, 130])

PRODUCT_IDS = np.array([item[0] for item in MENU], dtype=object)
PRODUCT_NAMES = np.array([item[1] for item in MENU], dtype=object)
CATEGORIES = np.array([item[2] for item in MENU], dtype=object)
PRICES = np.array([item[3] for item in MENU])
POPULARITY = np.array([item[5] for item in MENU], dtype=float) / sum(item[5] for item in MENU)
IS_DRINK = np.isin(CATEGORIES.astype(str), ["Coffee", "Cold Drinks", "Tea"])


def toast_item(product: int) -> str:
    """Toast's item id of the menu's nth product: one menu for all its shops."""
    return str(1_300_000_001_877_960_000 + product)


def clover_item(shop: int, product: int) -> str:
    """Clover's item id: a menu of its own in every shop."""
    return f"{shop:02d}CLOVERITM{product:02d}"
