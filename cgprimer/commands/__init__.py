"""The commands, a file for each: HELP, EXAMPLE, `arguments(parser)` and `run(options)`.

EXAMPLE holds lines for a shell; they run, in an empty folder. TEACH, where there is
one, stands at the end of its help in place of what equations are. `cli` makes a
subcommand of each that its COMMANDS name; `common`, `files`, `output`, `pictures`,
`tables` are what they share.

What a command needs is loaded inside of `run`, so that --help and a mistyped option do
not wait for it.

`run` returns the exit code, 0 (or None) for success and 1 for a check or fit that did
not succeed. Bad input is an error of cgprimer, which the command line turns into 2.
"""
