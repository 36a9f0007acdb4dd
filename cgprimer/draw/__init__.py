"""Pictures: layered layouts, networks with their derivatives, loss curves."""
