"""What every drawing is made with: paths, letters, surfaces, backdrops."""
