"""Files to take away: the log in forms that other programs read, each written as a whole or not at all."""

from semalab.files.document import FORMAT, KEYS, VERSION, OtherLayout, as_json, by_lines, trace_of, whole_file
from semalab.files.exports import as_chrome_trace, as_csv
from semalab.files.fields import FIELDS
from semalab.files.whole import write_whole

__all__ = [
    "FIELDS",
    "FORMAT",
    "KEYS",
    "VERSION",
    "OtherLayout",
    "as_chrome_trace",
    "as_csv",
    "as_json",
    "by_lines",
    "trace_of",
    "whole_file",
    "write_whole",
]
