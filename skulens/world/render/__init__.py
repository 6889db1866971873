"""From drawings to pictures: views, close-ups, photos, and what can be read in them."""
