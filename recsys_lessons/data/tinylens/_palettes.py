"""The colours of each style: several sets, so that a style is a way of painting and not one colour."""

from __future__ import annotations

__all__ = ["PALETTES"]

_NAMES = ("ground", "wash", "main", "second", "accent", "ink", "light")

_SETS = {
    "hand-drawn": (
        ("f6eedd", "e9c98f", "d9623f", "4c86a8", "f0b429", "3a332e", "fffaf0"),
        ("f3efe6", "b9d3b0", "5b8c5a", "d98e73", "e3b23c", "35302c", "fffdf5"),
        ("f7f0e4", "c5d5e8", "7a6fae", "d97b8f", "5fae9b", "333039", "fffdf7"),
        ("f5ecd9", "f0c3b0", "3f7d8c", "e07a5f", "f2cc8f", "3d405b", "fffaf2"),
    ),
    "neon": (
        ("0b0a1e", "2a0d45", "ff2e88", "18e0ff", "ffe94a", "8f7bff", "f4f0ff"),
        ("06121f", "0a2f3f", "00f5a0", "ff5bd1", "ffd23f", "3da5ff", "eafff8"),
        ("12061c", "3d0a2e", "ff7a1a", "c04bff", "39ffb6", "ff4d6d", "fff4ea"),
        ("0a0f24", "101c55", "4d9bff", "ff3d5e", "b6ff3c", "9a6bff", "f2f6ff"),
    ),
    "documentary": (
        ("66725f", "c3d0d6", "8b5e44", "5d7285", "b3925a", "2e302d", "d9d4c7"),
        ("77695a", "d9cdb8", "6f7a52", "8d5844", "b08d57", "2d2924", "ddd6c6"),
        ("54636e", "a9bfca", "7d4f45", "4f6f75", "c09a5b", "23292d", "cfd4d3"),
        ("747560", "cad6c5", "54707c", "8a6b4f", "a8894f", "2b2c26", "d8d6ca"),
    ),
    "pastel": (
        ("fde2e4", "fff1e6", "f7a6b4", "a2c8ec", "ffd99e", "8d7b9c", "fffaf5"),
        ("dff3ea", "f3fbe8", "9ad9bd", "f6b6c8", "fbe29a", "78909c", "fffef8"),
        ("e3e4fb", "f3ecff", "b5b2f2", "ffc6a8", "a8e0e0", "7f7aa8", "fdfbff"),
        ("fff3d6", "ffe3cf", "ffbf94", "a9d6c5", "f6a5b8", "9c8479", "fffdf4"),
    ),
    "vintage film": (
        ("d2b98a", "b5945f", "6b3d1e", "8a6238", "e6c987", "3a2417", "efdfb4"),
        ("cdbf96", "9fa98b", "54472a", "9a5228", "e3c270", "33291a", "eee2bb"),
        ("d0b28d", "b48a72", "73301f", "67664a", "e6b568", "38201a", "f1dcb6"),
        ("cabd9d", "a09b88", "48443a", "8a5f39", "dcc287", "2d2820", "e9dfc2"),
    ),
    "minimalist": (
        ("fbfbf9", "fbfbf9", "e4572e", "1d1d1f", "e4572e", "1d1d1f", "fbfbf9"),
        ("f4f4f2", "f4f4f2", "1f6feb", "1a1a1a", "1f6feb", "1a1a1a", "f4f4f2"),
        ("f2c230", "f2c230", "1c1c1c", "ffffff", "1c1c1c", "1c1c1c", "ffffff"),
        ("e9ecef", "e9ecef", "12715b", "212529", "12715b", "212529", "ffffff"),
        ("d94f4f", "d94f4f", "ffffff", "241a1a", "ffffff", "241a1a", "f9dede"),
    ),
}

PALETTES: dict[str, tuple[dict[str, tuple[int, int, int]], ...]] = {
    style: tuple(
        {
            name: (int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16))
            for name, code in zip(_NAMES, codes, strict=True)
        }
        for codes in sets
    )
    for style, sets in _SETS.items()
}
