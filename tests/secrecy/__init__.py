"""Check that no secret is exposed, in many scenarios observed through many channels.

`driver` runs all scenarios with one of the two clients in a separate process, since live objects, standard
streams and the command line belong to a process. The servers (`world`) run in another one, since they know
the secrets. The harness creates a secret only for the moment of a call and never stores one, so that every
hit is a leak. `scenarios` has what is tried; `channels` where a secret could show, and leaks that prove it.
"""
