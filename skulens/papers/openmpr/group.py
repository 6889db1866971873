"""The 190 checkpoints of the OpenMPR paper under one name, "openmpr-all"."""

from skulens.encode.zoo.rows import ZooRow, list_rows

LATER = "MobileCLIP2"
"""Architectures that open_clip brought after the paper's version of it (3.1.0)."""


def published_rows() -> list[ZooRow]:
    """The registry's rows that the paper published, in open_clip's order.

    The two that its authors could not download (openclip_skipped_models.json) are not among them:
    the registry's open_clip does not list them either.
    """
    return [row for row in list_rows() if not row.arch.startswith(LATER)]


class PublishedEncoders:
    """The collection of encoders "openmpr-all"."""

    sizes = {"openmpr": (20_565, 409)}
    """Dataset -> (photos, texts), known without having it."""

    @staticmethod
    def names() -> tuple[str, ...]:
        """ "open_clip:ARCHITECTURE/TAG" of every published row."""
        return tuple(f"open_clip:{row.name}" for row in published_rows())
