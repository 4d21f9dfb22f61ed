"""What every room may use: arguments checked, changes made whole, files written whole, and who shows what."""
