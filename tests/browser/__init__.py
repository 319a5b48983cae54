"""Tests that only a real browser can make; a package, so that the browser is closed when its last test has run."""
