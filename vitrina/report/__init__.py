"""The report on a collection as pages that open from the disk."""

from vitrina.report.current import is_current
from vitrina.report.write import write_report

__all__ = ["is_current", "write_report"]
