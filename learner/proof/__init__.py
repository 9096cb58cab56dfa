"""What active learning saves in a project, whether to stop, and which labels to look at again.

Pure: arrays in, arrays and plain values out. `report.prove` works out all of it.
"""
