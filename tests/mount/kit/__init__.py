"""What tests share: the stand-in GitHub, mounts, system calls, other users."""
