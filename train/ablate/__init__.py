"""Which stored variant helped which class, by leaving each out in turn."""
