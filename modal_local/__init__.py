"""A local Modal: a control plane for one machine that the stock `modal` client deploys to."""
