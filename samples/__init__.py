"""Sample bundles and the generator that made them."""
