"""The report on an evaluation as a page that opens from the disk."""

from vitrina.results.current import is_current
from vitrina.results.write import write_results

__all__ = ["is_current", "write_results"]
