"""What is asked of GitHub, how often, and over what."""
