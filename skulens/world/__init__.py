"""The procedural shop: seeded products with complete ground truth, drawn.

Imports point down this page only:

    config      a shop's configuration; chance, named by what it decides
    truth/      products, texts, listings, composed queries, and the words they are made of
    canvas/     what every drawing is made with: paths, letters, surfaces, backdrops
    label/      what is printed on a product, and how it is laid out
    draw/       one drawing per class
    use/        the product worn, held, set on a table
    render/     pictures: views, close-ups, probe photos, and which print can be read in them
    tables rows make        the files of a shop, and who writes them
    gold reader sheet       a shop as a catalogue, its gold, its contact sheets
    check       contradictions in what is said of the products
"""

from skulens.world.config import CLASSES, WorldConfig
from skulens.world.reader import World

__all__ = ["CLASSES", "World", "WorldConfig"]
