"""A split as a data set of the Hub: Parquet files and card."""

from __future__ import annotations

from vitrina.parquet.check import Checked, check_dataset
from vitrina.parquet.shards import SideFiles
from vitrina.parquet.write import DatasetFiles, write_dataset_files

__all__ = ["Checked", "DatasetFiles", "SideFiles", "check_dataset", "write_dataset_files"]
