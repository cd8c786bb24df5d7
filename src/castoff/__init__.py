"""castoff carries out the whole release of a workspace: many packages, one version, the facade last."""

__version__ = "0.1.0"
