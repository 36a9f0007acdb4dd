"""The commands, one file each: HELP, `arguments(parser)` and `run(options)`.

`run` returns the exit code, 0 (or None) for success and 1 for a check or fit that did
not succeed. Bad input is an error of cgprimer, which the command line turns into 2.
"""
