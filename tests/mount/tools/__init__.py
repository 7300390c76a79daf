"""What real tools do on a mount: docs/tools.md."""
