"""Numbers as people read them."""


def seconds(value):
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if abs(value) * factor >= 1:
            break
    return f"{three_digits(value * factor)} {unit}"


def three_digits(value):
    """0.123, 1.23, 12.3, 123, 1,234"""
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"


def kilobytes(value):
    return f"{value / 1024:.1f} MB"


def kilobytes_of_bytes(value):
    return f"{value / 1024:,.1f}"


def bytes_each(value):
    return f"{value:,.0f} bytes"


def count(value):
    return f"{value:g}"
