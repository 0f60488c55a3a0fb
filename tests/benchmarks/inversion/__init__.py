"""The benchmark of automatic inversion: how near every method comes to the known scene.

See README.md in this folder. `scan` and `metrics` are what is measured, `classical`, `negadoctor`,
`product` and `oracle` the methods, `simulated` and `charts` the pictures, `report` the tables.
"""
