"""What follows for pay: product.md as pure functions, used by client, server and verifier alike."""
