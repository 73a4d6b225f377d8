"""Does a secret ever get out? Many scenarios, each observed through many channels.

`driver` runs all scenarios with one of the two clients in a process of its own, since the walk over all objects, the
standard streams and the command line belong to a process; the servers run in another one (`world`), since they know the
secrets. What the driver is given is the secret only for the moment of the call: nothing of the harness holds one, so a
hit never has to be excused.
"""
