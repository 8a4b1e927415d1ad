"""What only a maintainer runs: `python -m tools.build` makes the notebooks out of `sources/`."""
