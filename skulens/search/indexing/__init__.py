"""A catalogue -> a store: products read, embedded where they changed, and kept.

built = build_index(open_catalog("products.csv"), "shop.store", encoder="mini")
"""
