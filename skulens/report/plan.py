"""What measuring many encoders will take, for a terminal."""

from skulens.bench.plan import Plan, Speed
from skulens.report.console import show
from skulens.report.grid import Grid

SHOWN = 10
"""Of the largest encoders; --json has all."""


def print_plan(plan: Plan) -> None:
    """The totals with their rules, and the encoders that take most."""
    left = sorted(plan.left, key=lambda p: (p.hours or 0, p.download_gb or 0), reverse=True)
    table = Grid(f"{len(left)} encoders to measure, those that take most:")
    table.add_column("encoder", "name")
    table.add_column("download", "number")
    table.add_column("hours", "number")
    for p in left[:SHOWN]:
        table.add_row(p.name, write_gb(p.download_gb), write_hours(p.hours))
    if left:
        show(table)
    for sentence in sentences(plan):
        print(sentence)


def sentences(plan: Plan) -> list[str]:
    stored = len(plan.encoders) - len(plan.left)
    skipped = f", {stored} are stored already and are skipped" if stored else ""
    unknown = sum(p.download_gb is None for p in plan.left)
    lines = [
        f"{len(plan.encoders)} encoders{skipped}; {plan.photos:,} photos and {plan.texts:,} texts "
        "for each",
        f"download: about {plan.download_gb:,.0f} GB: 4 bytes per parameter (half where a checkpoint "
        "is stored in 16 bits), weights "
        "that two names share once, less what is in the cache already"
        + (f"; {unknown} encoders of unknown size are not in it" if unknown else ""),
    ]
    if plan.speed is None:
        lines.append(
            "hours: not known; measure an encoder of them first, or give its photos per second, "
            "such as --speed open_clip:RN50/openai=15.6"
        )
    else:
        lines.append(f"hours: about {plan.hours:,.1f}: {write_rule(plan.speed)}")
    return lines


def write_rule(speed: Speed) -> str:
    return (
        f"{speed.fixed * 1e3:.3g} ms and {speed.per_gflop * 1e3:.3g} ms for each GFLOP of a photo, "
        f"from {', '.join(speed.of)}"
        + (
            ""
            if len(speed.of) > 1
            else " alone; give a large and a small one for a better estimate"
        )
    )


def write_gb(size: float | None) -> str:
    return "-" if size is None else "shared" if not size else f"{size:.1f} GB"


def write_hours(hours: float | None) -> str:
    return "-" if hours is None else f"{hours:.2f}"
