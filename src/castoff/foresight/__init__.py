"""What would fail after the first upload? Rules and resolvers that answer before anything is uploaded."""
