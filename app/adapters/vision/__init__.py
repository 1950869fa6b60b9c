"""Seeing: the neural models, the bytes they are loaded from and the warp that feeds them."""
