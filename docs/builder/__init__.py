"""Makes the documentation site: what Sphinx reads is gathered and generated, then checked."""
