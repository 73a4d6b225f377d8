"""What the tests share: servers, harnesses, and runners of other processes."""
