"""What models in this process need: opening, turns, decoding, grammars."""
