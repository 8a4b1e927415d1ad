"""Columns of anybody's table, made into ids, ratings and seconds; what cannot be made so is named by row and value."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_lessons.data._errors import shown

__all__ = ["as_ids", "as_ratings", "as_seconds", "kind_of", "missing_in"]

# Above the first bound nobody means seconds (the year 5138), and 1973 in milliseconds is just there; and so on.
_UNITS = ((1e17, "nanoseconds", 10**9), (1e14, "microseconds", 10**6), (1e11, "milliseconds", 10**3))


def missing_in(column: pd.Series) -> np.ndarray:
    """Where nothing stands: None, NaN, NaT, and the empty string. (n,) bool."""
    missing = column.isna().to_numpy(dtype=bool)
    if _is_text(column):
        missing = missing | (column == "").fillna(False).to_numpy(dtype=bool)
    return missing


def as_ids(column: pd.Series, name: str) -> pd.Series:
    """Ids as integers or strings, never as 7.0. Nothing is missing in `column`; its index holds row numbers.

    Raises:
        ValueError: fractions, dates, True and False, or numbers mixed with strings.
    """
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise ValueError(f"{name} has the type {column.dtype}; ids are integers or strings. Is it the right column?")
    if pd.api.types.is_float_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64)
        whole = np.isfinite(numbers) & (numbers == np.floor(numbers)) & (np.abs(numbers) < 2**53)
        if not whole.all():
            value, row = _first(column, ~whole)
            raise ValueError(f"{name} is {value} in row {row}; an id must be a whole number or a string.")
        return pd.Series(numbers.astype(np.int64), index=column.index)
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.astype(column.dtype.numpy_dtype) if hasattr(column.dtype, "numpy_dtype") else column
    if isinstance(column.dtype, pd.StringDtype):
        return column
    strings = np.fromiter((isinstance(value, str) for value in column), dtype=bool, count=len(column))
    if strings.all():
        return column
    if strings.any():
        (text, one), (other, two) = _first(column, strings), _first(column, ~strings)
        raise ValueError(
            f"{name} mixes strings and others: {text} in row {one}, {other} in row {two}. Make them alike: "
            f"frame[{name!r}].astype(str)."
        )
    whole = [isinstance(value, (int, np.integer)) and not isinstance(value, bool) for value in column]
    if all(whole):
        return column.astype(np.int64)
    value, row = _first(column, ~np.array(whole))
    raise ValueError(f"{name} is {value} in row {row}; an id must be an integer or a string.")


def as_ratings(column: pd.Series, name: str) -> pd.Series:
    """Ratings as floats. Nothing is missing in `column`.

    Raises:
        ValueError: a value that is no number, or not finite.
    """
    numbers = pd.to_numeric(column.astype(object) if _is_text(column) else column, errors="coerce")
    values = numbers.to_numpy(dtype=np.float32 if numbers.dtype == np.float32 else np.float64, na_value=np.nan)
    wrong = ~np.isfinite(values)
    if wrong.any():
        value, row = _first(column, wrong)
        hint = " Write a decimal point instead of the comma." if "," in value else ""
        raise ValueError(
            f"{name} is {value} in row {row} ({int(wrong.sum()):,} in all), and must be a finite number.{hint} Correct "
            "it, or pass rating=None where ratings do not matter."
        )
    return pd.Series(values, index=column.index)


def as_seconds(column: pd.Series, name: str) -> tuple[pd.Series, str | None]:
    """Moments as whole seconds since 1970 (UTC), int64; and the unit that they came in, if it was another.

    Numbers are seconds unless they are so large that only milli-, micro- or nanoseconds make sense. Dates are taken as
    UTC where they name no time zone; strings must be ISO 8601 ("2015-03-31", "2015-03-31T12:00:00Z"). Fractions of a
    second are cut off. Nothing is missing in `column`.

    Raises:
        ValueError: no moment, two units in one column, or dates written as numbers (20150331).
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _seconds_of(column), "dates"
    numbers = column if pd.api.types.is_numeric_dtype(column.dtype) else pd.to_numeric(column, errors="coerce")
    if not numbers.isna().any() and not pd.api.types.is_bool_dtype(column.dtype):
        return _from_numbers(numbers, name)
    # ISO 8601 only: whether 03/04 is in March or in April is not ours to guess.
    plain = column.astype(object)
    dates = pd.to_datetime(plain, errors="coerce", utc=True, format="ISO8601")
    if dates.isna().any():
        value, row = _first(column, dates.isna().to_numpy())
        raise ValueError(
            f"{name} is {value} in row {row} ({int(dates.isna().sum()):,} in all), which is neither a "
            f"number of seconds nor an ISO date. Convert it first: pd.to_datetime(frame[{name!r}], format='%d/%m/%Y')."
        )
    return _seconds_of(dates), "dates"


def kind_of(ids: pd.Series) -> str:
    """What a column of ids holds, for messages: "integers such as 7"."""
    kind = "integers" if pd.api.types.is_integer_dtype(ids.dtype) else "strings"
    return f"{kind} such as {shown(ids.iloc[0])}"


def _from_numbers(numbers: pd.Series, name: str) -> tuple[pd.Series, str | None]:
    values = numbers.to_numpy(dtype=None if numbers.dtype.kind in "iu" else np.float64)
    size = np.abs(values.astype(np.float64)) if values.dtype.kind != "f" else np.abs(values)
    if not np.isfinite(size).all():
        value, row = _first(numbers, ~np.isfinite(size))
        raise ValueError(f"{name} is {value} in row {row}, and must be a finite number of seconds.")
    unit, factor, bound = next(((unit, factor, low) for low, unit, factor in _UNITS if size.max() >= low), ("", 1, 0))
    if factor > 1 and (size[size > 0] < bound).any():
        (large, one), (small, two) = _first(numbers, size >= bound), _first(numbers, (size > 0) & (size < bound))
        raise ValueError(
            f"{name} mixes units: {large} in row {one} looks like {unit}, {small} in row {two} does not. Bring all of "
            "them to seconds."
        )
    if factor == 1 and _written_as_dates(values):
        raise ValueError(
            f"{name} looks like dates written as numbers, such as {values[0]:.0f}, not like seconds. Convert it first: "
            f"pd.to_datetime(frame[{name!r}].astype(str), format='%Y%m%d')."
        )
    whole = values // factor if values.dtype.kind in "iu" else np.floor(values / factor)
    return pd.Series(whole.astype(np.int64), index=numbers.index), unit or None


def _written_as_dates(values: np.ndarray) -> bool:
    """All are like 20150331. As seconds they would be days in August 1970, when nobody rated anything."""
    if not len(values) or values.min() < 19_000_101 or values.max() > 21_001_231 or (values % 1).any():
        return False
    month, day = values // 100 % 100, values % 100
    return bool(((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all())


def _seconds_of(dates: pd.Series) -> pd.Series:
    if getattr(dates.dtype, "tz", None) is not None:
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    stamps = dates.to_numpy(dtype="datetime64[s]")  # rounds down, also before 1970
    return pd.Series(stamps.astype(np.int64), index=dates.index)


def _first(column: pd.Series, where: np.ndarray) -> tuple[str, object]:
    """The first value that a mask points to, and its row in the caller's table: rows may have been dropped by now."""
    place = int(np.flatnonzero(where)[0])
    return shown(column.iloc[place]), column.index[place]


def _is_text(column: pd.Series) -> bool:
    return column.dtype == object or isinstance(column.dtype, pd.StringDtype)
