"""npm packages and workspaces, driven through npm, pnpm, Yarn and Bun."""
