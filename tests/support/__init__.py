"""What tests stand on: models that are independent of the lab, readers of notebooks, kernels, browsers, plugins."""
