"""What the browser gets of `page/`: its files, bundled, and the first answer inside the HTML."""
