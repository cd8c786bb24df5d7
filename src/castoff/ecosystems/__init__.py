"""The packaging ecosystems, each driven through its real client."""
