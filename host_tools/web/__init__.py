"""The module in a browser: its WebAssembly, its page, the server and the bridge for both."""
