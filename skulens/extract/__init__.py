"""Products -> claims. One file per reader; the two here look at no picture and set the bar."""
