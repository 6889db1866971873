"""Systems that find products by something else than one encoder: words on photos, fused rankings."""
