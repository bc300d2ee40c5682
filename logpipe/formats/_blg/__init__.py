"""Binary counter logs: the container, the blocks of raw counters in it, values made of them."""
