"""What a stack would create, open and allow: the program itself, run under Pulumi's mocks and watched.

`recording` runs the program; every other module reads the recording and imports no pulumi.
"""
