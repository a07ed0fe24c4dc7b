"""The report on a collection as pages that open from the disk."""

from vitrina.report.write import write_report

__all__ = ["write_report"]
