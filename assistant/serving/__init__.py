"""The assistant over HTTP: its own routes, OpenAI-compatible ones, and tools for MCP clients."""
