"""The door for operators: the `lunas` command, the map of processes, the web console and the demo.

Nothing heavy is imported here or in `console.main`: `lunas --help` answers at once.
"""
