"""Does a secret ever get out? Many scenarios, each observed through many channels.

`driver` plays all scenarios with one of the two clients in a process of its own, since the walk over all
objects, the standard streams and the command line belong to a process. The servers run in another one
(`world`), since they know the secrets. The harness makes a secret only for the moment of a call and never
holds one, so that no hit has to be excused.
"""
