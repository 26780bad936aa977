"""A step at the papers' largest crops."""

from performance_page.cells import BRATS, NONE, Record, at, cell, gib, milliseconds, percent, table, tera

STEPS = (BRATS, "BraTS, batch 2", "96 x 96 x 96, batch 2", "512 x 512, batch 16")


def steps(card: Record) -> str:
    """Return what a step takes at the papers' largest crops."""
    head = [
        "step",
        "ms",
        "peak memory",
        "rate",
        "share of achievable",
        "convolutions alone",
        "waiting for data",
        "busy",
    ]
    rows = [[name, *step_cells(at(card, "parts", "steps", "steps", name) or NONE)] for name in STEPS]
    rates = at(card, "parts", "steps", "convolution_rates") or {}
    best = {dims: max(found.values()) for dims, found in rates.items()}
    reached = ", ".join(f"{dims} convolutions {tera(best.get(dims))}" for dims in ("3-D", "2-D"))
    product = tera(at(card, "parts", "steps", "product_rate"))
    return f"Achievable rates: {reached}; a square product: {product}.\n\n" + table(head, rows)


def step_cells(step: Record) -> list[str]:
    """Return the cells of a step."""
    alone, whole = at(step, "convolutions_alone_s"), at(step, "step_s")
    return [
        cell(whole, milliseconds),
        cell(at(step, "peak_bytes"), gib),
        tera(at(step, "rate")),
        cell(at(step, "share_of_achievable"), percent),
        cell(alone and alone / whole, percent),
        cell(at(step, "share_waiting_for_data"), percent),
        cell(at(step, "share_gpu_busy"), percent),
    ]


def profiles(card: Record) -> str:
    """Return which kernels the step of BraTS spends its time in, where it misses its share of the achievable rate."""
    step = at(card, "parts", "steps", "steps", BRATS) or NONE
    share = at(step, "share_of_achievable")
    if share is None or share >= 0.4:
        return ""
    kernels = sorted(step["share_of_kernels"].items(), key=lambda pair: -pair[1])
    rows = [[f"`{name}`", percent(value)] for name, value in kernels]
    return f"Where the time of a step goes ({BRATS}), by kernel:\n\n" + table(["kernel", "share"], rows)
